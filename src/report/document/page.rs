//! The face of the HTML report: light and dark by the reader's own setting, and paper.

/// The style sheet; nothing in it is fetched.
pub const STYLE: &str = "
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2430;--dim:#5a6473;--rule:#d9dee6;--soft:#f3f5f8;--mark:#0b62a8;--mark-soft:#b9d5ec;--zero:#7a8596}
@media (prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e4e8ee;--dim:#a0aab8;--rule:#323a46;--soft:#1c222b;--mark:#6db3f2;--mark-soft:#274766;--zero:#8b96a6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif}
main,header,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.75rem 0 .5rem;padding-top:.6rem;border-top:1px solid var(--rule)}
p{margin:.5rem 0;max-width:46rem}
.lead{color:var(--dim)}
a{color:var(--mark)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;padding:0;margin:1rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem;background:var(--soft);padding:1rem 1.25rem;border-radius:.5rem;margin:1.25rem 0}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
figure{margin:1.25rem 0;overflow-x:auto}
figcaption,caption{color:var(--dim);font-size:.875rem;text-align:left}
caption{padding:.5rem 0;font-weight:600;color:var(--ink);white-space:normal}
svg{display:block;width:100%;max-width:60rem;min-width:38rem;height:auto;font:12px system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif}
svg text{fill:var(--ink)}
svg .tick,svg .label{fill:var(--dim);font-size:11px}
svg .name{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
svg .head{font-weight:600}
svg .grid{stroke:var(--rule)}
svg .zero{stroke:var(--zero);stroke-width:1.5}
svg .limit{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:6 4}
svg .whisker{stroke:var(--mark);stroke-width:1.75}
svg .dot{fill:var(--mark);stroke:var(--mark);stroke-width:1.5}
svg .ring{fill:var(--paper);stroke:var(--mark);stroke-width:1.5}
svg .member{stroke:var(--mark);stroke-width:1.25;opacity:.75}
svg .box{fill:var(--mark-soft);stroke:var(--mark)}
svg .median{stroke:var(--ink);stroke-width:2.5}
svg .thread{fill:none;stroke:var(--mark);opacity:.4}
svg .curve{fill:none;stroke:var(--mark);stroke-width:2.5}
.table{overflow-x:auto;margin:1.25rem 0}
table{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:.22rem .6rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{border-bottom:2px solid var(--zero);color:var(--dim);font-weight:600;white-space:normal;vertical-align:bottom}
tbody th{font-weight:400}
.n{text-align:right}
.long{white-space:normal;min-width:24rem}
tbody tr:nth-child(even){background:var(--soft)}
.note{font-size:.8125rem;color:var(--dim)}
.items{display:flex;flex-wrap:wrap;gap:.75rem}
.items span{display:grid}
.items img{max-width:10rem}
footer{color:var(--dim);font-size:.875rem;padding-top:2rem;padding-bottom:3rem}
@page{size:A4 landscape;margin:12mm}
@media print{main,header,footer{max-width:none;padding:0}figure svg{min-width:0;max-height:170mm;width:auto;max-width:100%}:root{--paper:#fff;--ink:#000;--dim:#444;--rule:#ccc;--soft:#fff;--mark:#0b4f86;--mark-soft:#dce9f4;--zero:#666}body{font-size:10.5pt}nav{display:none}h2{break-after:avoid}figure,tr{break-inside:avoid}.table{overflow:visible}table{font-size:6.4pt;white-space:normal}th,td{padding:.1rem .25rem}thead{display:table-header-group}}
";
