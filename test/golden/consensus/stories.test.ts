import { join } from 'node:path';
import { describeStories } from '../stories.js';
import { ConsensusStory } from './story.js';

describeStories(
  'the total order behaves as in the story of',
  join(import.meta.dirname, 'stories'),
  20,
  () => new ConsensusStory(),
);
