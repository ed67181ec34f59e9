/** What a page with a space-time diagram needs for it: its style, and the head of its arrows. Colours are the page's variables. */

/** `--line`, `--bar`, `--bad` and `--doubt`, light and dark. */
export const DIAGRAM_COLOURS = `
:root { color-scheme: light dark; --line: #8886; --bar: #4a7fb5; --bad: #c8323c; --doubt: #9a7113; }
@media (prefers-color-scheme: dark) { :root { --bad: #f0707a; --doubt: #d9b252; } }
`;

/** Words of a diagram stand out from the arrows that pass behind them. */
export const DIAGRAM_STYLE = `
svg text { font: 11px system-ui, sans-serif; fill: currentColor; } svg .actor { font-weight: 600; font-size: 12px; }
svg .deed { paint-order: stroke; stroke: Canvas; stroke-width: 4px; stroke-linejoin: round; }
.lane { stroke: var(--line); } .bar { fill: var(--bar); } .bar.last { fill: var(--bad); }
.bar.info { fill: var(--doubt); opacity: .6; } .bar.fail { fill: GrayText; }
.arrow { fill: none; stroke: currentColor; stroke-width: 1.2; opacity: .7; } #head path { fill: currentColor; }
.hidden { position: absolute; }
`;

export const ARROW_HEAD =
  '<svg width="0" height="0" class="hidden"><defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z"/></marker></defs></svg>';
