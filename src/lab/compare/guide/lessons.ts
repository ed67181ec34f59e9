/** What a newcomer is told before each phase of a comparison: what is about to happen, and what to look for. */
import type { PhasePlan } from '../plan.js';

export interface Lesson {
  /** What is about to happen, and the idea behind it. */
  readonly before: string;
  /** What to look for in the figures. */
  readonly look: readonly string[];
}

export const WELCOME =
  'A replicated store keeps a copy of everything at several places, so that it is near to everybody and survives the loss of ' +
  'one. The price is that copies can differ for a while. With each request you choose how much of that you want to see:\n\n' +
  '  eventual      answer at once, with what this replica has\n' +
  '  causal        no effect without its cause, and never back behind what I saw\n' +
  '  linearizable  as if there were only one copy\n\n' +
  'The same clients now do the same things at all three levels, while the network is well, slow, cut and healed. They read ' +
  'and write; they change what they have read; they take names that only one of them may have; and they talk: one asks a ' +
  'question, another answers, a third one listens.';

const HEALTHY: Lesson = {
  before:
    'The network is well. A request at eventual or causal is answered where it is asked. At linearizable a majority of the ' +
    'replicas has to agree first, so the speed of light has a say in it: this is what you pay when nothing is wrong.',
  look: [
    'how long a read and a write take at each level',
    'stale reads: a replica shows an old value while the newer one is still on its way to it',
    'lost updates and names given twice: two clients read the same, and both write',
  ],
};

const SLOW_LINK: Lesson = {
  before:
    'One link becomes more than a second slower, so messages overtake each other: an answer can arrive before its question. Whoever ' +
    'reads at eventual then sees an effect without its cause. At causal the answer waits until the question is there.',
  look: [
    'reads against causality at eventual ("acausal"), and none at causal',
    'what it costs linearizable, whose majority may need the slow link',
  ],
};

const CUT_OFF: Lesson = {
  before:
    'The network is cut in two: a minority of the replicas on one side, the majority on the other. Now each level has to choose ' +
    '(this is the CAP theorem): either answer with what there is, at the risk that the other side knows better, or refuse. ' +
    'Eventual and causal choose availability, linearizable chooses consistency.',
  look: [
    'linearizable: refused in the minority, served in the majority',
    'eventual and causal: served on both sides, and stale, because neither hears of the other',
  ],
};

const LEADER_CUT_OFF: Lesson = {
  before:
    'The network is cut again, and this time the replica that leads the log is in the minority. The majority has to elect ' +
    'another leader before linearizable is served there again. The old one may not go on as if nothing had happened: it ' +
    'cannot know what the others have decided since.',
  look: [
    'linearizable in the majority: a short gap while a leader is elected, then served',
    'linearizable in the minority: refused, also where the leader was',
  ],
};

const ONE_WAY: Lesson = {
  before:
    'One replica hears everybody, and nobody hears it: a broken cable can do that. It still learns of everything, and it must ' +
    'not disturb the others by asking for an election again and again.',
  look: [
    'the others go on at every level',
    'the one that is not heard: served at the weaker levels, refused at linearizable',
  ],
};

const HEALED: Lesson = {
  before:
    'The fault is over. The replicas tell each other what they have missed until all are equal again. What was written to the ' +
    'same key on both sides meets now: one version wins at every replica alike, the others are kept as siblings.',
  look: ['everything is served again', 'staleness falls back to what it was'],
};

export function lessonOf({ trouble }: PhasePlan, isFirst: boolean): Lesson {
  switch (trouble.kind) {
    case 'none':
      return isFirst ? HEALTHY : HEALED;
    case 'slow-link':
      return SLOW_LINK;
    case 'partition':
      return trouble.minority === 'leader' ? LEADER_CUT_OFF : CUT_OFF;
    case 'one-way':
      return ONE_WAY;
  }
}
