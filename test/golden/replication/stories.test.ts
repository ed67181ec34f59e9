import { join } from 'node:path';
import { describeStories } from '../stories.js';
import { ReplicationStory } from './story.js';

describeStories(
  'the causal plane behaves as in the story of',
  join(import.meta.dirname, 'stories'),
  9,
  () => new ReplicationStory(),
);
