/** Colors of the series, in the order of the stages; readable on light and dark ground. */
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

/** Wide content (tables, curves) scrolls inside its own box: the page itself never does, however narrow the window. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fff; --ink: #16202a; --quiet: #5a6672; --line: #8884; --card: #f3f5f7;
  --ours: #16806f; --control: #a3adb8; --good: #1d7f4b; --unsure: #97650a; --bad: #bd3145;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11161b; --ink: #e7ecf0; --quiet: #9aa6b2; --card: #1b2229;
    --ours: #3cc0ab; --control: #5d6975; --good: #4cc38a; --unsure: #e0a030; --bad: #f0788a;
  }
}
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: var(--ground); color: var(--ink); }
main { max-width: 1180px; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.25rem; font-weight: 600; line-height: 1.3; }
h2 { margin: 2.4rem 0 .6rem; font-size: 1.15rem; }
table { border-collapse: collapse; max-width: 100%; }
td, th { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--line); }
svg.heat text { font-size: 18px; }
figure { margin: 0 0 1rem; }
figcaption, .small { font-size: 13px; color: var(--quiet); }
.hero .done { margin: .3rem 0 0; color: var(--quiet); max-width: 46em; }
.hero .big { margin: 1.1rem 0 0; font-size: clamp(2.1rem, 7vw, 4.2rem); font-weight: 700; line-height: 1.08; letter-spacing: -.02em; color: var(--ours); overflow-wrap: break-word; }
.hero.fail .big, .hero.inconclusive .big { color: var(--ink); }
.hero .change { margin: .4rem 0 0; font-size: clamp(1.1rem, 3vw, 1.6rem); }
.chart { margin: 1.4rem 0 0; background: var(--card); border-radius: 8px; padding: .8rem 1rem 1rem; }
.bar { display: grid; grid-template-columns: minmax(7rem, 13rem) 1fr; gap: .1rem .8rem; align-items: center; margin-top: .35rem; }
.bar .track { display: flex; align-items: center; gap: .5rem; min-width: 0; }
.bar i { flex: 0 1 auto; min-width: 3px; height: 1.15rem; border-radius: 2px; background: var(--ours); }
.bar.control i { background: var(--control); }
.bar.control { color: var(--quiet); }
.bar b { flex: none; white-space: nowrap; font-variant-numeric: tabular-nums; }
.sure { margin: 1.2rem 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; }
.tag { border: 1px solid var(--line); border-radius: 3px; padding: 0 .3em; font-size: 11px; font-weight: 400; color: var(--quiet); white-space: nowrap; }
.quiet, tr.control, tr.control th { color: var(--quiet); font-weight: 400; }
.good { color: var(--good); } .unsure { color: var(--unsure); } .bad { color: var(--bad); }
.verdict, .bad, .unsure { font-weight: 600; }
.checks td:first-child { white-space: nowrap; }
.checks .small { display: block; font-weight: 400; }
.wide { overflow-x: auto; font-size: 13px; overflow-wrap: normal; }
.wide td, .wide tr > th { white-space: nowrap; }
.wide ul { margin: 0; padding: 0; list-style: none; }
.wide > svg, .wide figure > svg { min-width: 680px; }
.legend { margin: .5rem 0; }
.legend span { display: inline-block; margin-right: 1.1rem; font-size: 13px; }
.legend i { display: inline-block; width: 1.6em; border-top: 3px solid; margin-right: .4em; vertical-align: middle; }
.legend i.dashed { border-top-style: dashed; }
.legend .control i { opacity: .5; }
.heats { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(330px, 100%), 1fr)); gap: 1rem; }
.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
@media (max-width: 600px) { .bar { grid-template-columns: 1fr; } .bar i { height: .9rem; } }
`;
