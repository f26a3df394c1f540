"""The style of the exported page: light and dark, from a phone to a wide screen."""

from __future__ import annotations

CSS = """
:root{--bg:#f6f6f4;--card:#fff;--ink:#1c1d20;--soft:#5d6068;--line:#e3e3df;--accent:#2f5fd0;--bar:#c9d6f5}
@media(prefers-color-scheme:dark){:root{--bg:#141518;--card:#1d1f23;--ink:#f0f0ee;--soft:#a6a9b1;
--line:#2e3137;--accent:#9db8ff;--bar:#33456f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI","PingFang SC",
"Microsoft YaHei","Noto Sans","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:1280px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:32px;line-height:1.2;margin:0 0 12px;letter-spacing:-.01em}
nav{display:flex;flex-wrap:wrap;gap:8px}
nav a{padding:6px 14px;border:1px solid var(--line);border-radius:999px;
background:var(--card);color:var(--ink);
text-decoration:none;font-size:14px}
nav a:hover{border-color:var(--accent)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
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
