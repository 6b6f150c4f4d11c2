/** Colours of the series, in the order of the stages; readable on light and dark ground. */
export const palette = [
  '#d1495b',
  '#e0a030',
  '#2a9d8f',
  '#5b8def',
  '#9b5de5',
  '#6a994e',
  '#c77dba',
  '#8d99ae',
  '#e76f51',
  '#3fb8d6',
  '#b08968',
  '#ef8fb0',
];

export const style = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 1280px; margin: 0 auto; padding: 2rem 1rem; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem; }
table { border-collapse: collapse; }
td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
.wide { overflow-x: auto; font-size: 13px; }
.wide td, .wide td + td, .wide tr > th:first-child { white-space: nowrap; }
.wide ul { margin: 0; padding: 0; list-style: none; }
.small { font-size: 13px; opacity: .75; }
.good { color: #2a9d5f; }
.bad { color: #d1495b; font-weight: 600; }
.verdict { font-size: 1.1rem; margin: 0 0 1rem; font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--line); }
svg.heat text { font-size: 18px; }
.legend span { display: inline-block; margin-right: 1.1rem; font-size: 13px; }
.legend i { display: inline-block; width: 1.6em; border-top: 3px solid; margin-right: .4em; vertical-align: middle; }
.legend i.dashed { border-top-style: dashed; }
.heats { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 1rem; }
figure { margin: 0 0 1rem; }
.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
figcaption { font-size: 13px; }
`;
