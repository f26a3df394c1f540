"""The only script an exported page may hold: it checks a quiz and moves the pictures of a slider.

Without it (or with scripts off) the page shows the answer under a fold and all pictures in a row.
"""

from __future__ import annotations

SCRIPT = """
(function(){"use strict";
document.querySelectorAll("[data-quiz]").forEach(function(quiz){
  var verdict=quiz.querySelector("[data-verdict]"),fold=quiz.querySelector("details");
  if(fold){fold.hidden=true}
  quiz.addEventListener("change",function(event){
    var right=event.target.value===quiz.getAttribute("data-quiz");
    quiz.querySelectorAll("label").forEach(function(l){l.classList.remove("right","wrong")});
    event.target.closest("label").classList.add(right?"right":"wrong");
    verdict.className=right?"right":"wrong";
    verdict.textContent=quiz.getAttribute(right?"data-right":"data-wrong");
    if(fold&&right){fold.hidden=false;fold.open=true}
  });
});
document.querySelectorAll("[data-slider]").forEach(function(box){
  var range=box.querySelector("input"),word=box.querySelector("output");
  var shots=Array.prototype.slice.call(box.querySelectorAll("figure"));
  box.classList.add("live");
  function show(){
    var now=Number(range.value);
    shots.forEach(function(shot,n){shot.hidden=n!==now});
    var said=shots[now].getAttribute("data-label");
    word.textContent=said;range.setAttribute("aria-valuetext",said);
  }
  range.addEventListener("input",show);show();
});
})();
""".strip()
