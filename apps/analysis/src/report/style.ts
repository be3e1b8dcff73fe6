/** The report's look: system fonts, colours with AA contrast in both schemes. */
export const reportStyle = `
:root{color-scheme:light dark;--bg:#fbfbf9;--fg:#1c2321;--soft:#5a6562;--line:#d8dcd9;--good:#11694a;--bad:#9c2222;--open:#7a5200;--ins:#dff3e4;--del:#fbe3e1}
@media (prefers-color-scheme:dark){:root{--bg:#141817;--fg:#e6ebe8;--soft:#a3afab;--line:#333c39;--good:#6fd3a6;--bad:#ff9d93;--open:#f0c060;--ins:#143d29;--del:#4a1d1a}}
*{box-sizing:border-box}body{margin:0 auto;padding:1.5rem;max-width:60rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
header{border-left:.4rem solid var(--open);padding-left:1rem}header.good{border-color:var(--good)}header.bad{border-color:var(--bad)}
h1{margin:.2rem 0;font-size:1.9rem;line-height:1.2}header.good h1{color:var(--good)}header.bad h1{color:var(--bad)}header.open h1{color:var(--open)}
h2{margin:2rem 0 .5rem;font-size:1.2rem}h3{font-size:1rem;margin:1rem 0 .3rem}.kind,footer{color:var(--soft);font-size:.9rem;margin:0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th[scope=row]{font-weight:600;white-space:nowrap}pre{overflow:auto;max-height:24rem;padding:.7rem;border:1px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
ins{background:var(--ins);text-decoration:none}del{background:var(--del)}code{overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0}pre{max-height:none}}
`.trim();
