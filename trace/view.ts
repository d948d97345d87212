// A trace as one HTML page that needs nothing else: time downwards, host and modem left and right. Nothing in a trace becomes
// markup.
import { createHash } from "node:crypto";
import { harmless } from "../terminal/harmless.js";
import type { Entry, Head } from "./format.js";
import { type Row, rowKinds, rowsOf } from "./rows.js";

/** ms of silence that take a pixel; longer ones than the last are cut. */
const SCALE = 40;
const LONGEST_GAP = 8000;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return harmless(text).replace(/[&<>"']/g, (char) => entities[char]!);
}

/** ms as people read them. */
export function timeOf(ms: number): string {
  const s = ms / 1000;
  const minutes = Math.floor(s / 60);
  return minutes > 0 ? `${minutes}:${(s - 60 * minutes).toFixed(3).padStart(6, "0")}` : s.toFixed(3);
}

function rowHtml(row: Row, gap: number): string {
  const cut = gap > LONGEST_GAP;
  const height = Math.round(Math.min(gap, LONGEST_GAP) / SCALE);
  const silence =
    height > 2
      ? `<div class="gap${cut ? " cut" : ""}" style="height:${height}px">${gap >= 1000 ? `${(gap / 1000).toFixed(1)} s` : ""}</div>`
      : "";
  return `${silence}<div class="row ${row.kind} ${row.lane}"><span class="t">${timeOf(row.t)}</span><span class="x">${escaped(row.text)}</span></div>`;
}

const SCRIPT = `
const rows=[...document.querySelectorAll(".row")];
const search=document.getElementById("search");
const count=document.getElementById("count");
const boxes=[...document.querySelectorAll("fieldset input")];
function show(){
  const off=new Set(boxes.filter(b=>!b.checked).map(b=>b.value));
  const text=search.value.toLowerCase();
  let n=0;
  for(const r of rows){
    const fits=!off.has(r.classList[1])&&(!text||r.textContent.toLowerCase().includes(text));
    r.hidden=!fits;
    if(fits)n++;
  }
  document.body.classList.toggle("some",n<rows.length);
  count.textContent=n+" of "+rows.length+" rows";
}
search.addEventListener("input",show);
for(const b of boxes)b.addEventListener("change",show);
show();
`;

/** Shared with the workbench, whose page shows rows in the same colours. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b2430,#dfe6ee);--dim:light-dark(#5b6875,#93a1b0);--paper:light-dark(#fff,#12171d);--line:light-dark(#d5dce3,#2c3641);
--call:light-dark(#5b3aa5,#b9a2f2);--command:light-dark(#0b5c8a,#7cc4ef);--answer:light-dark(#1f6b3a,#86d3a0);--urc:light-dark(#8a4b00,#f0b562);--message:light-dark(#9a2460,#f292c0);--event:light-dark(#3c4854,#b8c4d0)}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
header{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--line);padding:.6rem 1rem;z-index:1}
h1{font-size:1.1rem;margin:0 0 .3rem}
header p{margin:.2rem 0;color:var(--dim)}
fieldset{border:0;margin:.3rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem .9rem}
legend{position:absolute;clip-path:inset(50%)}
input[type=search]{font:inherit;padding:.2rem .4rem;width:min(24rem,100%);box-sizing:border-box;border:1px solid var(--dim);border-radius:4px;background:var(--paper);color:inherit}
main{padding:.5rem 1rem 3rem}
.heads,.row{display:grid;grid-template-columns:5.5rem minmax(0,1fr) minmax(0,1.2fr) minmax(0,1.2fr) minmax(0,1fr);column-gap:.6rem}
.heads{color:var(--dim);font-weight:600;border-bottom:1px solid var(--line)}
.row[hidden]{display:none}
.t{color:var(--dim);font-variant-numeric:tabular-nums;text-align:right}
.x{overflow-wrap:anywhere;white-space:pre-wrap;font:13px/1.45 ui-monospace,monospace}
.host .x{grid-column:2}.out .x{grid-column:3}.in .x{grid-column:4}.driver .x{grid-column:5}
.out .x::before{content:"→ "}.in .x::before{content:"← "}
.call .x,.end .x{color:var(--call)}.command .x,.data .x,.pin .x{color:var(--command)}.answer .x{color:var(--answer)}.urc .x{color:var(--urc)}.message .x{color:var(--message)}.event .x,.note .x{color:var(--event)}
.note .x{font-style:italic}
.gap{margin-left:6.1rem;border-left:2px dotted var(--line);padding-left:.5rem;color:var(--dim);font-size:12px;display:flex;align-items:center}
.gap.cut{border-left-style:dashed;border-left-color:var(--dim)}
.some .gap{height:auto!important}
@media(max-width:700px){.heads{display:none}.row{grid-template-columns:4.2rem minmax(0,1fr)}.row .x{grid-column:2}.gap{margin-left:4.8rem}.host .x::before{content:"⚙ "}.driver .x::before{content:"◆ "}}
@media print{header{position:static}}
`;

/** The page. */
export function viewOf(entries: readonly Entry[], name: string): string {
  const rows = rowsOf(entries);
  const { date } = entries[0] as Entry & Head;
  const masked = entries.flatMap((entry) =>
    "masked" in entry && typeof entry.masked === "string" ? [entry.masked] : [],
  );
  const kinds = new Set(rows.map(({ kind }) => kind));
  const boxes = Object.entries(rowKinds)
    .filter(([kind]) => kinds.has(kind as Row["kind"]))
    .map(([kind, label]) => `<label><input type="checkbox" value="${kind}" checked> ${label}</label>`);
  const hash = createHash("sha256").update(SCRIPT).digest("base64");
  let last = 0;
  const body = rows.map((row) => {
    const gap = row.t - last;
    last = row.t;
    return rowHtml(row, gap);
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<title>${escaped(name)}</title><style>${STYLE}</style></head>
<body><header><h1>${escaped(name)}</h1>
<p>${date ? `Recorded ${escaped(date)}, ` : ""}${timeOf(last)} s long. Veiled: ${escaped(masked.join(", ") || "nothing")}. Silence is to scale, ${SCALE} ms a pixel up to ${LONGEST_GAP / 1000} s.</p>
<label>Search <input type="search" id="search"></label> <span id="count" role="status"></span>
<fieldset><legend>Shown</legend>${boxes.join("")}</fieldset></header>
<main><div class="heads" aria-hidden="true"><span></span><span>host</span><span>to the modem</span><span>from the modem</span><span>driver</span></div>
${body.join("\n")}
</main><script>${SCRIPT}</script></body></html>
`;
}
