/** Story one: what it means that each request chooses its level, and what a token is for. */
import { request } from './steps.js';
import type { Story } from './story.js';

export const levelStory: Story = {
  title: 'Each request chooses its consistency',
  lesson:
    'Three replicas hold copies of the same keys, and copies take time to agree. An eventual request takes what its\n' +
    'replica has at this moment. A causal one respects cause and effect: the token in every response names what it\n' +
    'depended on, and whoever shows the token to any replica sees at least that much - or waits, or is told why not. A\n' +
    'linearizable one asks a majority first, and sees all that was finished before it began, token or not.',
  steps: [
    request(
      'Write at r1, eventual',
      { at: 'r1', level: 'eventual', key: 'demo/colour', value: 'blue' },
      { status: 200, headers: { 'consistency-level': 'eventual', durability: 'local', 'served-by': 'r1' } },
    ),
    request(
      'Read it at r1, eventual',
      { at: 'r1', level: 'eventual', key: 'demo/colour' },
      { status: 200, body: 'blue', headers: { 'consistency-level': 'eventual', conflicts: '0' } },
    ),
    request(
      'Read it at r3, eventual: it may be there already or not, and either is right',
      { at: 'r3', level: 'eventual', key: 'demo/colour' },
      { status: [200, 404], headers: { 'consistency-level': 'eventual', 'served-by': 'r3' } },
    ),
    request(
      'Write at r1, causal, safe on two disks before the answer',
      { at: 'r1', level: 'causal', key: 'demo/greeting', value: 'hello', as: 'alice', durability: 'majority' },
      { status: 200, headers: { 'consistency-level': 'causal', durability: 'majority' } },
    ),
    request(
      'Read it at r2 with the token of the write, causal',
      { at: 'r2', level: 'causal', key: 'demo/greeting', as: 'alice' },
      { status: 200, body: 'hello', headers: { 'consistency-level': 'causal', 'served-by': 'r2' } },
    ),
    request(
      'Read it at r3 with the token as well, for every replica can serve it',
      { at: 'r3', level: 'causal', key: 'demo/greeting', as: 'alice' },
      { status: 200, body: 'hello', headers: { 'served-by': 'r3' } },
    ),
    request(
      'Write at r1, linearizable',
      { at: 'r1', level: 'linearizable', key: 'demo/stock', value: '1' },
      { status: 200, headers: { 'consistency-level': 'linearizable', durability: 'majority', 'served-by': 'r1' } },
    ),
    request(
      'Read it at r3, linearizable, at once and without a token',
      { at: 'r3', level: 'linearizable', key: 'demo/stock' },
      { status: 200, body: '1', headers: { 'consistency-level': 'linearizable', 'served-by': 'r3' } },
    ),
  ],
};
