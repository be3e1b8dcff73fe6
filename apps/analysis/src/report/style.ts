/**
 * The report's look: system fonts, one accent for each severity, colours of at least 4.5:1 in both schemes. Paper gets
 * the light colours on white with everything unfolded. Marks and words carry what colours carry.
 */
import { html } from "./markup.ts";

export const reportStyle = html`
:root{color-scheme:light;--bg:#f7f7f4;--card:#fff;--fg:#1a211e;--soft:#56605b;--line:#dcdfda;--tint:#f0f1ed;--accent:#3f5b78;--wash:#eaeff5;--focus:#1f5fbf;--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
body.none{--accent:#17684a;--wash:#e6f2ec}
body.low{--accent:#3f5b78;--wash:#e9eff6}
body.medium{--accent:#7a5600;--wash:#f8efd9}
body.high{--accent:#a33d08;--wash:#fbe9df}
body.critical{--accent:#a81e25;--wash:#fbe6e6}
@media screen and (prefers-color-scheme:dark){
:root{color-scheme:dark;--bg:#121614;--card:#1a1f1d;--fg:#e7ebe8;--soft:#a2aea8;--line:#313936;--tint:#222826;--focus:#8cb8ff}
body.none{--accent:#6fcfa4;--wash:#16322a}
body.low{--accent:#9dbcdc;--wash:#1c2a39}
body.medium{--accent:#ecbf5c;--wash:#35290f}
body.high{--accent:#ffa477;--wash:#3b2114}
body.critical{--accent:#ff9a98;--wash:#431c1f}
}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:68rem;padding:1.25rem clamp(1rem,4vw,2.5rem) 3rem;background:var(--bg);color:var(--fg);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
h1,h2,h3,h4,p,dl,dd,ul,ol,table{margin:0;padding:0}
h1,h2,h3,h4{line-height:1.25;text-wrap:balance}
ul,ol{list-style:none}
code,pre,.hex{font-family:var(--mono);font-size:.86em}
code{overflow-wrap:anywhere}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.soft,.hint,.gist,.more,.pid,.evidence{color:var(--soft)}
.hint,.more{font-size:.9rem}
.nowrap{white-space:nowrap}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px;border-radius:4px}

.top{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem;padding-bottom:.9rem;color:var(--soft);font-size:.9rem}
.top strong{color:var(--fg)}
.verdict{background:var(--card);border:1px solid var(--line);border-top:.4rem solid var(--accent);border-radius:.4rem;padding:clamp(1.1rem,3vw,1.9rem)}
.badge{display:flex;flex-wrap:wrap;align-items:center;gap:.35rem .6rem;color:var(--accent);font-size:.95rem}
.badge .kind{color:var(--soft)}
.badge .kind::before{content:"·";margin-right:.6rem}
.scale{display:inline-flex;gap:3px}
.scale i{width:.85rem;height:.6rem;border:1.5px solid var(--accent);border-radius:2px}
.scale .on{background:var(--accent)}
h1{font-size:clamp(1.75rem,4.6vw,2.6rem);letter-spacing:-.022em;font-weight:700;margin:.5rem 0 .35rem}
.lead{font-size:1.1rem;max-width:46em;text-wrap:pretty}
.doubt{margin-top:.4rem;color:var(--soft)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1.5rem;margin-top:1.4rem}
.label{color:var(--soft);font-size:.85rem;font-weight:600;margin-bottom:.35rem}
.action{background:var(--wash);border-radius:.4rem;padding:1rem 1.15rem}
.action h2{font-size:1.12rem;margin-bottom:.35rem}
.action .label{margin-bottom:.15rem;color:var(--fg)}
.action .mark{display:inline-grid;place-items:center;width:1.45em;height:1.45em;border-radius:50%;background:var(--accent);color:var(--card);font-size:.85em;margin-right:.25em}
.action ul{margin-top:.5rem}
.action li{padding-left:1.5em;text-indent:-1.5em}
.action li+li{margin-top:.2rem}
.action li::before{content:"→";display:inline-block;width:1.5em;text-indent:0;color:var(--accent);font-weight:700}
.action .proved li::before{content:"✓"}
.identity dl{display:grid;gap:.3rem}
.identity div{display:grid;grid-template-columns:5.5rem 1fr;gap:.75rem}
.identity dt{color:var(--soft)}
.identity dd{min-width:0;overflow-wrap:anywhere}
.shared-kernel{font-weight:700}
.hash{display:block;font-size:.78em;color:var(--soft);line-height:1.4}
dd .hash{color:inherit;padding-top:.2em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem;margin-top:1.5rem;padding-top:1.1rem;border-top:1px solid var(--line)}
.figures div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
.figures dd{font-size:1.5rem;font-weight:650;letter-spacing:-.01em;line-height:1.2}
.figures dt{color:var(--soft);font-size:.88rem;line-height:1.3}
.loud dd{color:var(--accent)}

main>section+section{border-bottom:1px solid var(--line)}
.verdict+section{margin-top:1rem}
summary{cursor:pointer}
.part>summary,.decoy>summary{list-style:none;position:relative;padding:.95rem 0 .95rem 1.6rem}
.part>summary::-webkit-details-marker,.decoy>summary::-webkit-details-marker{display:none}
.part>summary::before,.decoy>summary::before{content:"";position:absolute;left:.25rem;top:1.42rem;width:.5rem;height:.5rem;border:solid var(--soft);border-width:0 2px 2px 0;transform:rotate(-45deg);transition:transform .15s}
.part[open]>summary::before,.decoy[open]>summary::before{transform:rotate(45deg)}
summary:hover h2,summary:hover h3{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em}
.part h2{display:inline;font-size:1.18rem;margin-right:.6rem}
.part h3{font-size:1rem;margin:1rem 0 .4rem}
.gist{font-weight:400;font-size:.95rem}
.body{padding:0 0 1.6rem 1.6rem}
.body>*+*{margin-top:.75rem}
.tag{display:inline-block;border:1px solid var(--accent);color:var(--accent);background:var(--card);border-radius:1em;padding:0 .6em;font-size:.78rem;font-weight:650;line-height:1.55;white-space:nowrap}
.technique{color:var(--soft);font-size:.82rem;font-family:var(--mono)}

.story>li,.story ol>li{position:relative;display:grid;grid-template-columns:4.2rem 1fr;column-gap:1.9rem;padding-bottom:.8rem}
.story .t{text-align:right;color:var(--soft);font-size:.9rem;line-height:1.65;white-space:nowrap}
.story li::before{content:"";position:absolute;left:4.85rem;top:.5rem;width:.65rem;height:.65rem;border-radius:50%;background:var(--bg);border:2px solid var(--soft);z-index:1}
.story li::after{content:"";position:absolute;left:calc(4.85rem + .325rem - .5px);top:.6rem;bottom:-.6rem;width:1px;background:var(--line)}
.story>li:last-child::after,.story ol>li:last-child::after{display:none}
.story .suspicious::before{border-color:var(--accent)}
.story .harmful::before{background:var(--accent);border-color:var(--accent);border-radius:2px;transform:rotate(45deg)}
.story .harmful .what{font-weight:650}
.story .harmful .tag{background:var(--accent);color:var(--card)}
.story .evidence{font-size:.88rem;overflow-wrap:anywhere}
.what{overflow-wrap:anywhere}
.story .note .what{color:var(--soft)}
.story .fold{display:block;padding-left:6.1rem}
.story .fold::before{width:.35rem;height:.35rem;margin:.15rem;background:var(--line);border:0}
.story .fold summary{color:var(--soft);font-size:.92rem}
.story .fold ol{margin:.6rem 0 0 -6.1rem}

.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem .5rem 0;border-top:1px solid var(--line);font-weight:400;overflow-wrap:anywhere}
thead th{color:var(--soft);border-top:0;font-size:.85rem;font-weight:600;padding-block:.1rem .35rem;white-space:nowrap}
tbody th{min-width:9rem}
.peer{min-width:14rem}
.n{text-align:right;white-space:nowrap}
td:last-child,th:last-child{padding-right:.15rem}
.hit th{border-left:.2rem solid var(--accent);padding-left:.6rem}
.ok{color:var(--soft)}
.protocol{font-weight:600;font-size:.82rem}
td>.sign{display:inline-block;width:1em;text-align:center;color:var(--soft)}

.tree li{--w:1.3rem;padding:.28rem 0 .28rem calc(var(--d)*var(--w) + .9rem);border-left:1px solid var(--line);background:repeating-linear-gradient(to right,transparent 0 calc(var(--w) - 1px),var(--line) calc(var(--w) - 1px) var(--w)) 0 0/calc(var(--d)*var(--w)) 100% no-repeat}
.tree code{font-weight:600}
.pid,.did{font-size:.88rem}
.did{display:block}

.decoy{border:1px solid var(--line);border-radius:.4rem;background:var(--card);padding:0 1rem}
.decoy>summary{padding-block:.7rem}
.decoy>summary::before{top:1.15rem}
.decoy h3{display:inline;margin:0}
.decoy h4{font-size:.95rem;margin:.4rem 0 .5rem}
.decoy[open]{padding-bottom:1rem}
.diff{font-size:.92rem;line-height:1.45;min-width:min-content}
.diff div{display:flex;padding-inline:.5rem;border-left:.25rem solid transparent}
.diff .same{color:var(--soft)}
.diff .in{background:var(--wash);border-color:var(--accent)}
.diff .out{background:var(--tint);border-color:var(--soft)}
.diff .out code{text-decoration:line-through;text-decoration-color:var(--soft)}
.diff .sign{flex:0 0 1.3rem;font-family:var(--mono);font-weight:700;color:var(--fg)}
.diff code{white-space:pre-wrap;min-width:0}
.diff .hex{display:flex;gap:1.3rem;white-space:pre}
.hex .at{color:var(--soft);min-width:5ch;text-align:right}
.hex .bytes{display:flex;gap:1.4ch;width:48.4ch}
.hex .bytes span{width:23ch}
.diff summary{padding:.25rem .5rem .25rem 1.8rem;color:var(--soft)}
.diff .more{padding-left:1.8rem}
.raw{margin-top:.5rem}
.raw>summary,.diff summary{font-size:.88rem;color:var(--soft)}
pre{background:var(--tint);border-radius:.4rem;padding:.8rem 1rem;margin:.4rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5}
.y-word{font-weight:700}
.y-string,.y-hex{color:var(--accent)}
.y-name{font-style:italic}
.y-comment{color:var(--soft)}
.recipe{list-style:decimal;padding-left:1.4rem}
.recipe li+li{margin-top:.25rem}
.limits{padding:1.1rem 0 1.2rem 1.6rem}
.limits h2{font-size:1.05rem;margin-bottom:.4rem}
.limits li{padding-left:1.1em;text-indent:-1.1em}
.limits li::before{content:"–";display:inline-block;width:1.1em;text-indent:0}
footer{padding:1.2rem 0 0 1.6rem;color:var(--soft);font-size:.88rem}

@media (max-width:40rem){
body{padding-top:1rem}
.body,.limits,footer{padding-left:0}
.figures{grid-template-columns:1fr 1fr}
.part h2{display:block}
.story>li,.story ol>li{grid-template-columns:1fr;padding-left:1.6rem}
.story .t{text-align:left;line-height:1.4}
.story li::before{left:.1rem;top:.35rem}
.story li::after{left:calc(.1rem + .325rem - .5px)}
.story .fold{padding-left:1.6rem}
.story .fold ol{margin-left:-1.6rem}
.identity div{grid-template-columns:4.6rem 1fr}
.tree li{--w:.6rem}
.decoy{padding-inline:.6rem}
.diff{font-size:.85rem}
.diff .hex{gap:.8rem}
.hex .bytes{flex-direction:column;gap:0;width:23ch}
.hex .text span{display:block}
}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{
@page{margin:15mm 14mm}
:root{--bg:#fff;--card:#fff;--fg:#000;--soft:#3d4441;--line:#b9bfbb;--tint:#fff;--wash:#fff}
html{font-size:9pt}
body{max-width:none;padding:0}
details::details-content{content-visibility:visible!important;display:block!important;height:auto!important}
summary{list-style:none}
.part>summary,.decoy>summary{padding-left:0}
.part>summary::before,.decoy>summary::before{display:none}
.raw>summary,.rest>summary,.fold summary{font-style:italic}
.body,.limits,footer{padding-left:0}
.verdict{padding:.9rem 1rem}
.action{border:1.5pt solid var(--accent)}
h1{font-size:20pt}
.pair{grid-template-columns:1fr 1fr}
.figures{grid-template-columns:repeat(6,1fr);gap:.6rem}
.figures dd{font-size:13pt}
.scroll{overflow:visible}
h2,h3,h4,summary,thead{break-after:avoid}
li,tr,.action,.identity,.figures{break-inside:avoid}
.story .fold{break-inside:auto}
.tag,.mark,.scale .on,.story .harmful::before{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
