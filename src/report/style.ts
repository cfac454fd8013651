/**
 * The one style of a report: paper by day, slate by night, ink on paper in print. Plots take their colours from the same
 * variables, so that a picture follows its page. Text and lines that carry meaning have a contrast of 4.5 and more.
 */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--raised:#f5f7fa;--ink:#17202b;--quiet:#566270;--rule:#d4dae2;--grid:#e7ebf0;
--ours:#0a5bc4;--ours-soft:#0a5bc422;--other:#6d7a89;--third:#a04a00;--fourth:#6b3fa0;--good:#17703b;--good-soft:#17703b1f;--bad:#b3261e;--bad-soft:#b3261e1f;--warn-soft:#c77d0026;--warn:#8a5600}
@media(prefers-color-scheme:dark){:root{--paper:#10161d;--raised:#18212b;--ink:#e8edf3;--quiet:#a3afbd;--rule:#354150;--grid:#232d38;
--ours:#6fb1ff;--ours-soft:#6fb1ff2b;--other:#98a5b4;--third:#ffa657;--fourth:#c8a6ff;--good:#5fd38d;--good-soft:#5fd38d2b;--bad:#ff8f85;--bad-soft:#ff8f852b;--warn-soft:#e3a00833;--warn:#f0b94a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:40px 28px 64px}
header p.kind{margin:0;color:var(--quiet);font-size:13px;letter-spacing:.06em;text-transform:uppercase}
h1{font-size:31px;line-height:1.2;margin:6px 0 12px;letter-spacing:-.012em;text-wrap:balance}
h2{font-size:21px;margin:52px 0 6px;padding-top:20px;border-top:1px solid var(--rule);letter-spacing:-.005em}
h3{font-size:16px;margin:26px 0 6px}
p,ul{max-width:72ch;margin:8px 0}
p.lead{font-size:18px;line-height:1.5}
a{color:var(--ours)}
.quiet{color:var(--quiet)}
.notice{max-width:none;border-left:4px solid var(--warn);background:var(--warn-soft);padding:12px 16px;border-radius:4px;margin:18px 0}
.notice p{margin:0;max-width:90ch}
.notice p+p{margin-top:6px}
nav{margin:18px 0 0;font-size:14px;color:var(--quiet)}
nav ul{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:4px 18px;max-width:none}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:14px;margin:26px 0 8px;padding:0}
.figures>div{background:var(--raised);border:1px solid var(--rule);border-radius:10px;padding:16px 18px}
.figures dt{font-size:13.5px;color:var(--quiet)}
.figures dd{margin:0}
.figures .value{font-size:33px;line-height:1.25;font-weight:600;letter-spacing:-.02em}
.figures .range{font-size:13.5px;color:var(--quiet)}
.scroll{overflow-x:auto;margin:14px 0}
.scroll:focus-visible{outline:2px solid var(--ours);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:14.5px}
caption{text-align:left;color:var(--quiet);font-size:13.5px;padding-bottom:6px}
th,td{padding:7px 12px 7px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
thead th{font-size:13px;font-weight:600;color:var(--quiet);border-bottom:1px solid var(--rule)}
tbody th{font-weight:400}
td.number,th.number{text-align:right;white-space:nowrap}
tr.ours th,tr.ours td{font-weight:600;background:var(--ours-soft)}
tr.ours th{padding-left:8px;color:var(--ours)}
tr.part th{font-weight:600;font-size:13px;color:var(--quiet);padding-top:16px;border-bottom:1px solid var(--rule)}
td .good,td .bad,td .even{white-space:nowrap}.good{color:var(--good)}.bad{color:var(--bad)}.even{color:var(--quiet)}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:22px 30px;margin:16px 0}
figure{margin:0;break-inside:avoid}
figure svg{display:block;width:100%;height:auto}
figcaption{font-size:14px;margin:0 0 4px}
figcaption b{font-weight:600}
figcaption span{display:block;color:var(--quiet);font-size:13px}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--quiet)}
svg text.ink{fill:var(--ink)}
svg text.ours{fill:var(--ours)}svg text.third{fill:var(--third)}svg text.fourth{fill:var(--fourth)}svg text.bad{fill:var(--bad)}svg text.good{fill:var(--good)}
svg .grid{stroke:var(--grid);fill:none}svg .axis{stroke:var(--rule);fill:none}
svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
svg .thin{stroke-width:1.2}
svg .dashed{stroke-dasharray:5 4}
svg .s-ours{stroke:var(--ours)}svg .s-other{stroke:var(--other)}svg .s-third{stroke:var(--third)}svg .s-fourth{stroke:var(--fourth)}svg .s-ink{stroke:var(--ink)}svg .s-bad{stroke:var(--bad)}svg .s-good{stroke:var(--good)}svg .s-quiet{stroke:var(--quiet)}
svg .f-ours{fill:var(--ours)}svg .f-other{fill:var(--other)}svg .f-third{fill:var(--third)}svg .f-fourth{fill:var(--fourth)}svg .f-ink{fill:var(--ink)}svg .f-bad{fill:var(--bad)}svg .f-good{fill:var(--good)}svg .f-quiet{fill:var(--quiet)}
svg .soft-ours{fill:var(--ours-soft)}svg .soft-bad{fill:var(--bad-soft)}svg .soft-good{fill:var(--good-soft)}svg .soft-warn{fill:var(--warn-soft)}
.cases{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:18px 26px;margin:12px 0}
.case{border:1px solid var(--rule);border-radius:10px;padding:12px 14px 8px}
.case h3{margin:0;font-size:14.5px}
.case p{margin:2px 0 8px;font-size:13.5px;color:var(--quiet)}
dl.made{display:grid;grid-template-columns:minmax(110px,max-content) 1fr;gap:6px 22px;font-size:14.5px;margin:14px 0}
dl.made dt{color:var(--quiet)}dl.made dd{margin:0;overflow-wrap:anywhere}
code{font:13.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
footer{margin-top:56px;padding-top:18px;border-top:1px solid var(--rule);font-size:13.5px;color:var(--quiet)}
@media print{:root{color-scheme:light;--paper:#fff;--raised:#fff;--ink:#000;--quiet:#444;--rule:#999;--grid:#ddd;--ours:#0a4fa8;--ours-soft:#0a4fa818;--other:#666;--third:#8a4000;--fourth:#5b3390;--good:#125c30;--bad:#9c1f18;--warn:#6f4500}
@page{margin:16mm 14mm}
body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}h2,h3{break-after:avoid}.case,tr,.figures>div,.notice{break-inside:avoid}.scroll{overflow:visible}
.plots{grid-template-columns:1fr 1fr}.cases{grid-template-columns:1fr 1fr}}
`
