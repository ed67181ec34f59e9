/** How a report looks, light and dark, narrow and wide. */
import { DIAGRAM_COLOURS, DIAGRAM_STYLE } from '../../../check/timeline/style.js';

export const STYLE = `${DIAGRAM_COLOURS}
:root { --ink: #333; --eventual: #a85a08; --causal: #1b6fa8; --linearizable: #7046b8; --good: #23763e; }
@media (prefers-color-scheme: dark) { :root { --ink: #ccc; --eventual: #f0a04b; --causal: #63b3ea; --linearizable: #b295f0; --good: #62c783; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 82rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { line-height: 1.2; } h2 { margin-top: 2.6rem; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
td, th { overflow-wrap: normal; text-align: left; padding: .15rem .6rem .15rem 0; vertical-align: top; white-space: nowrap; }
td:last-child { white-space: normal; } td:nth-child(17) { min-width: 12rem; } thead th { border-bottom: 1px solid var(--line); font-weight: 600; }
.scroll { overflow-x: auto; } pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); }
.verdict { font-size: 1.15rem; font-weight: 600; }
.ok, .holds { color: var(--good); } .violated, .fails { color: var(--bad); } .unknown { color: var(--doubt); }
.eventual { color: var(--eventual); } .causal { color: var(--causal); } .linearizable { color: var(--linearizable); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; font-size: 13px; }
.plot { min-height: 330px; overflow: hidden; } .u-legend { font-size: 12px; }
summary { cursor: pointer; font-size: 13px; } .rest > summary { font-size: inherit; margin-top: 1rem; }
svg.ribbons { width: 100%; min-width: 44rem; height: auto; }
.grid { stroke: var(--line); } .fault { fill: var(--doubt); opacity: .16; }
.served { fill: currentColor; } .refused { fill: var(--bad); }
${DIAGRAM_STYLE}`;
