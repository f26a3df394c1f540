"""The styles of exported pages: light and dark, from a phone to a wide screen."""

from __future__ import annotations

BASE = """
:root{--bg:#f6f6f4;--card:#fff;--ink:#1c1d20;--soft:#5d6068;--line:#e3e3df;--accent:#2f5fd0;--bar:#c9d6f5;
--on:#fff;--good:#1b7f4b;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#141518;--card:#1d1f23;--ink:#f0f0ee;--soft:#a6a9b1;
--line:#2e3137;--accent:#9db8ff;--bar:#33456f;--on:#10131a;--good:#6fd3a0;--bad:#ff9d94}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI","PingFang SC",
"Microsoft YaHei","Noto Sans","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
a:focus-visible,summary:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
"""

RECOMMENDATIONS = """
header,main,footer{max-width:1280px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:32px;line-height:1.2;margin:0 0 12px;letter-spacing:-.01em}
nav{display:flex;flex-wrap:wrap;gap:8px}
nav a{padding:6px 14px;border:1px solid var(--line);border-radius:999px;
background:var(--card);color:var(--ink);
text-decoration:none;font-size:14px}
nav a:hover{border-color:var(--accent)}
section{padding-top:40px}
.head{display:flex;align-items:baseline;justify-content:space-between;gap:16px;flex-wrap:wrap}
h2{font-size:22px;margin:0}
.count{color:var(--soft);font-size:14px}
.brief{color:var(--soft);margin:4px 0 0;max-width:70ch}
.empty{color:var(--soft)}
.grid{list-style:none;margin:20px 0 0;padding:0;display:grid;gap:20px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,270px),1fr))}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;overflow:hidden;display:flex;
flex-direction:column}
.pic{position:relative;aspect-ratio:1;background:var(--line)}
.pic img{width:100%;height:100%;object-fit:cover;display:block}
.nopic{height:100%;display:grid;place-items:center;font-size:96px;color:var(--soft)}
.rank{position:absolute;left:12px;top:12px;min-width:28px;height:28px;padding:0 8px;border-radius:14px;
background:rgba(20,21,24,.78);color:#fff;font-size:14px;font-weight:600;display:grid;place-items:center}
.body{padding:16px;display:flex;flex-direction:column;gap:8px;flex:1}
.row{display:flex;justify-content:space-between;gap:12px;align-items:baseline}
h3{font-size:17px;line-height:1.3;margin:0}
h3 a{color:inherit}
.price{font-weight:700;white-space:nowrap}
.line{margin:0;color:var(--soft);font-size:14px}
.why{margin:0;font-size:14px}
.why b{color:var(--accent);font-weight:600}
.parts{list-style:none;margin:4px 0 0;padding:0;display:grid;gap:5px;font-size:12px;color:var(--soft)}
.parts li{display:grid;grid-template-columns:minmax(0,1fr) 84px;gap:10px;align-items:center}
.parts i{height:6px;border-radius:3px;
background:linear-gradient(to right,var(--accent) var(--w),var(--bar) 0)}
details{margin-top:auto;padding-top:8px;border-top:1px solid var(--line)}
summary{cursor:pointer;font-size:14px;color:var(--accent)}
summary small{color:var(--soft)}
details img{width:100%;height:auto;display:block;border-radius:10px;margin-top:10px}
footer{color:var(--soft);font-size:13px;padding-top:40px;padding-bottom:40px}
@media print{body{background:#fff}.card{break-inside:avoid}}
""".strip()

PAGE = """
main{max-width:760px;margin:0 auto;padding:32px 24px 16px}
footer{max-width:760px;margin:0 auto;padding:16px 24px 40px;color:var(--soft);font-size:13px}
.mark{background:var(--ink);color:var(--bg);padding:8px 24px;text-align:center;font-size:14px;font-weight:600}
h1{font-size:clamp(28px,6vw,42px);line-height:1.15;margin:8px 0 16px;letter-spacing:-.015em}
h2{font-size:24px;line-height:1.25;margin:40px 0 12px}
h3{font-size:19px;margin:28px 0 8px}
p{margin:12px 0}
.eyebrow{color:var(--accent);font-size:14px;font-weight:600;margin:0}
.note{color:var(--soft);font-size:14px}
figure{margin:20px 0}
figure img,figure video{width:100%;height:auto;display:block;border-radius:12px;background:var(--line)}
figcaption{color:var(--soft);font-size:14px;margin-top:6px}
audio{width:100%;margin:12px 0}
blockquote{margin:24px 0;padding:4px 0 4px 20px;border-inline-start:4px solid var(--accent);font-size:20px;
line-height:1.4}
.price{font-size:24px;font-weight:700}
.button{display:inline-block;background:var(--accent);color:var(--on);padding:14px 26px;border-radius:10px;
font-weight:600;text-decoration:none}
span.button{opacity:.75}
ul,ol{padding-inline-start:24px}
li{margin:6px 0}
ol.steps{list-style:none;padding:0;counter-reset:step}
ol.steps>li{counter-increment:step;position:relative;padding-inline-start:48px;margin:16px 0;min-height:32px}
ol.steps>li::before{content:counter(step);position:absolute;inset-inline-start:0;top:0;width:32px;height:32px;
border-radius:16px;background:var(--accent);color:var(--on);font-weight:600;display:grid;place-items:center}
.table{overflow-x:auto;margin:20px 0}
table{border-collapse:collapse;width:100%;font-size:15px}
caption{text-align:start}
th,td{text-align:start;padding:8px 12px;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}
.group{display:grid;gap:20px;grid-template-columns:repeat(auto-fit,minmax(min(100%,var(--least)),1fr));
margin:24px 0}
.group>div{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px}
.group figure{margin:0 0 12px}
.group h2,.group h3{margin:8px 0;font-size:19px}
.quiz,.slider{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:20px;
margin:28px 0}
.quiz fieldset{border:0;margin:0;padding:0;min-width:0}
.quiz legend,.slider .ask{font-weight:600;font-size:18px;padding:0;margin:0 0 12px}
.quiz label{display:flex;gap:12px;align-items:flex-start;padding:12px;border:1px solid var(--line);
border-radius:10px;margin:8px 0;cursor:pointer}
.quiz input{margin:4px 0 0}
.quiz label.right{border-color:var(--good)}
.quiz label.wrong{border-color:var(--bad)}
.quiz p.right{color:var(--good);font-weight:600}
.quiz p.wrong{color:var(--bad);font-weight:600}
.quiz p[data-verdict]:empty{margin:0}
.slider .shots{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(120px,1fr))}
.slider.live .shots{grid-template-columns:1fr}
.slider figure{margin:0}
.slider .control{display:none}
.slider.live .control{display:grid;grid-template-columns:1fr auto;gap:16px;align-items:center;margin-top:16px}
.slider.live figcaption{display:none}
.slider input{width:100%;accent-color:var(--accent)}
summary{cursor:pointer;color:var(--accent)}
@media print{body{background:#fff}.button{border:1px solid #000}}
""".strip()
