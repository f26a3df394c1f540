"""How a preview package looks, light and dark."""

from __future__ import annotations

STYLE = """
:root{--ground:#f3f4f6;--card:#ffffff;--text:#1c2126;--quiet:#59616b;--line:#d5d9df;--accent:#2f5fd0;
--on:#ffffff;--warn:#855600}
@media (prefers-color-scheme:dark){:root{--ground:#17191c;--card:#202429;--text:#e6e8eb;--quiet:#a3abb5;
--line:#363c43;--accent:#8aaaff;--on:#10141c;--warn:#e8b962}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);
font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif}
header{display:flex;flex-wrap:wrap;gap:16px 32px;justify-content:space-between;padding:20px 24px 12px;
max-width:1320px;margin:0 auto}
header>div:first-child{flex:1 1 420px;min-width:0}
h1{font-size:22px;margin:8px 0 4px;overflow-wrap:anywhere}
h2{font-size:16px;margin:0 0 8px;overflow-wrap:anywhere}
h3{font-size:13px;margin:16px 0 4px;color:var(--quiet);font-weight:600}
p{margin:0 0 6px;overflow-wrap:anywhere}
.quiet{color:var(--quiet);font-size:13px}
.chip{display:inline-block;border:1px solid var(--warn);color:var(--warn);border-radius:12px;padding:1px 10px;
font-size:12px;font-weight:600}
.row .time{flex:1 1 120px;padding:0;accent-color:var(--accent)}
.who{justify-content:flex-end;display:flex;flex-wrap:wrap;gap:8px;align-items:center;align-content:flex-start}
#said{flex-basis:100%;color:var(--quiet);font-size:13px;margin:0;min-height:20px;max-width:420px}
nav{display:flex;flex-wrap:wrap;gap:8px;padding:0 24px 12px;max-width:1320px;margin:0 auto}
nav:empty{display:none}
main{display:grid;gap:20px;padding:0 24px 40px;max-width:1320px;margin:0 auto}
main.beside{grid-template-columns:repeat(auto-fit,minmax(280px,1fr))}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;min-width:0}
main:not(.beside) article{display:grid;grid-template-columns:minmax(0,3fr) minmax(260px,2fr);gap:0 24px}
main:not(.beside) article>h2{grid-column:1/-1}
@media (max-width:820px){main:not(.beside) article{display:block}}
.frame{position:relative;line-height:0;background:#000;border-radius:6px;overflow:hidden}
.frame video,.frame img{width:100%;max-height:74vh;object-fit:contain;display:block}
.stills{display:grid;gap:10px}
.layer{position:absolute;inset:0;cursor:crosshair;border:2px dashed var(--accent);background:rgba(0,0,0,.15)}
.pin{position:absolute;width:26px;height:26px;margin:-13px 0 0 -13px;border-radius:50%;
background:var(--accent);
color:var(--on);font-size:12px;font-weight:700;line-height:26px;text-align:center;border:0;padding:0;z-index:2;
box-shadow:0 0 0 2px rgba(255,255,255,.85)}
dl{margin:0;font-size:14px}
dt{color:var(--quiet);font-size:12px}
dd{margin:0 0 6px;overflow-wrap:anywhere}
ol{list-style:none;margin:0;padding:0}
li{border-top:1px solid var(--line);padding:8px 0;display:grid;grid-template-columns:1fr auto;gap:0 8px}
li p{grid-column:1/-1;white-space:pre-wrap}
button,input,textarea{font:inherit;color:inherit}
button{border:1px solid var(--line);background:var(--card);border-radius:6px;padding:5px 12px;cursor:pointer}
button:hover{border-color:var(--accent)}
button[aria-pressed=true]{border-color:var(--accent);color:var(--accent);font-weight:600}
button.first{background:var(--accent);border-color:var(--accent);color:var(--on)}
button.link{border:0;padding:0;background:none;color:var(--accent);font-size:13px;text-align:start}
input,textarea{border:1px solid var(--line);border-radius:6px;background:var(--ground);padding:5px 8px}
textarea{width:100%;min-height:64px;resize:vertical;display:block}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.row{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:8px 0}
label.row{margin:4px 0;font-size:14px}
""".strip()
