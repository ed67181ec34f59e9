/** The last step of a set-up: make sure that a broker can be had, and say in one line which it will be. */
import { chooseBroker, describeBroker } from './broker-choice.js';

export async function announceNatsServer(announce: (line: string) => void): Promise<void> {
  announce(describeBroker(await chooseBroker(process.env, { announce })));
}
