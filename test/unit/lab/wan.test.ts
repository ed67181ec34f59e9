/** The distances that a lab can pretend. */
import { describe, expect, it } from 'vitest';
import { regionOf, roundTripMs, WAN_NAMES, WAN_PRESETS, wanLinks, wanPreset } from '../../../src/lab/wan/presets.js';

describe.each(WAN_PRESETS)('the preset $name', (preset) => {
  const size = preset.regions.length;
  const ids = preset.regions.map((_, i) => `r${i + 1}`);

  it('has a distance between any two regions, the same both ways', () => {
    expect(preset.roundTripMs).toHaveLength(size);
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < size; j += 1) {
        expect(roundTripMs(preset, i, j)).toBe(roundTripMs(preset, j, i));
        expect(roundTripMs(preset, i, j) > 0).toBe(i !== j);
      }
    }
  });

  it('delays each link so that the median round trip is the one that was measured', () => {
    const links = wanLinks(preset, ids);
    expect(links).toHaveLength(size * (size - 1));
    const medianMs = (from: string, to: string): number => {
      const link = links.find((each) => each.from === from && each.to === to);
      return (link?.delayMs ?? 0) + (link?.jitterMs ?? 0) / 2;
    };
    ids.forEach((from, i) => {
      ids.forEach((to, j) => {
        if (i !== j) expect(medianMs(from, to) + medianMs(to, from)).toBeCloseTo(roundTripMs(preset, i, j), 9);
      });
    });
  });
});

it('there is a preset of every name but none', () => {
  expect(WAN_PRESETS.map(({ name }) => name)).toEqual(WAN_NAMES.filter((name) => name !== 'none'));
  expect(wanPreset('none')).toBeUndefined();
});

it('Virginia, Ireland and Singapore are as far apart as the source says', () => {
  const preset = wanPreset('us-eu-ap');
  expect(preset?.roundTripMs).toEqual([
    [0, 74, 236],
    [74, 0, 176],
    [236, 176, 0],
  ]);
});

it('more replicas than regions share them, and nothing delays them there', () => {
  const preset = wanPreset('europe');
  if (preset === undefined) throw new RangeError('no preset');
  expect(regionOf(preset, 3)).toBe(preset.regions[0]);
  const links = wanLinks(preset, ['r1', 'r2', 'r3', 'r4']);
  expect(links.some(({ from, to }) => from === 'r1' && to === 'r4')).toBe(false);
  expect(links.filter(({ from }) => from === 'r4')).toHaveLength(2);
});
