"""The script of a preview package: plays, takes remarks and verdicts, gives them out as a file.

Everything a person or a storyboard says goes through ``textContent``; nothing is fetched or sent. Remarks are
kept in the browser's storage where it lets a page from disk have one, else in memory.
"""

from __future__ import annotations

SCRIPT = """
(function(){"use strict";
var data=JSON.parse(document.getElementById("data").textContent),words=data.words;
var key="mmstudio-remarks-"+data.package,state={who:"",remarks:[],verdicts:[],unsaved:0};
var main=document.getElementById("boards"),bar=document.getElementById("bar");
var who=document.getElementById("who"),said=document.getElementById("said"),views=[];
function say(text,values){
  return text.replace(/\\{(\\w+)\\}/g,function(all,name){return name in values?values[name]:all});
}
function make(tag,text,parent,className){
  var made=document.createElement(tag);
  if(text){made.textContent=text}
  if(className){made.className=className}
  if(parent){parent.appendChild(made)}
  return made;
}
function press(text,parent,run,className){
  var made=make("button",text,parent,className);
  made.type="button";made.addEventListener("click",run);
  return made;
}
function clock(t){
  var tenths=Math.round(t*10);
  return Math.floor(tenths/600)+":"+("0"+Math.floor(tenths%600/10)).slice(-2)+"."+tenths%10;
}
function tell(text){said.textContent=text}
function load(){
  try{
    var kept=JSON.parse(window.localStorage.getItem(key)||"null");
    if(kept&&Array.isArray(kept.remarks)&&Array.isArray(kept.verdicts)){state=kept}
  }catch(error){}
  who.value=state.who||"";
}
function keep(){
  state.who=who.value;
  try{window.localStorage.setItem(key,JSON.stringify(state))}catch(error){}
  if(state.unsaved){tell(say(words.kept,{n:state.unsaved}))}
}
function token(){
  var bytes=new Uint8Array(12);
  window.crypto.getRandomValues(bytes);
  return Array.prototype.map.call(bytes,function(b){return ("0"+b.toString(16)).slice(-2)}).join("");
}
function initials(){
  var name=who.value.trim();
  if(!name){tell(words.need);who.focus()}
  return name;
}
function transport(parent,video,seconds,moved){
  var line=make("div",null,parent,"row"),button=press("\u25b6",line,toggle);
  var bar=make("input",null,line,"time"),text=make("span","",line,"quiet");
  button.setAttribute("aria-label",words.start);button.setAttribute("data-play","");
  bar.type="range";bar.min=0;bar.max=seconds;bar.step=0.01;bar.value=0;
  bar.setAttribute("aria-label",words.position);
  function toggle(){
    if(!video.paused){video.pause();return}
    var going=video.play();
    if(going){going.catch(function(){})}
  }
  function tick(){
    bar.value=video.currentTime;
    text.textContent=clock(video.currentTime)+" / "+clock(seconds);
    moved();
  }
  function face(){
    button.textContent=video.paused?"\u25b6":"\u275a\u275a";
    button.setAttribute("aria-label",video.paused?words.start:words.pause);
  }
  text.textContent=clock(0)+" / "+clock(seconds);
  bar.addEventListener("input",function(){video.currentTime=Number(bar.value)});
  video.addEventListener("click",toggle);
  ["play","pause","ended"].forEach(function(name){video.addEventListener(name,face)});
  ["timeupdate","seeked"].forEach(function(name){video.addEventListener(name,tick)});
}
function show(board){
  var article=make("article",null,main),now=0,place=null;
  article.setAttribute("data-board",board.number);
  var named=!board.audience||board.title.indexOf(board.audience)>=0;
  make("h2",named?board.title:board.title+" · "+board.audience,article);
  var left=make("div",null,article),right=make("div",null,article);
  var stills=board.film?[board.stills[0]]:board.stills,frames=[],video=null;
  var holder=make("div",null,left,"stills");
  stills.forEach(function(still,n){
    var frame=make("div",null,holder,"frame"),media;
    if(board.film){
      media=video=make("video",null,frame);
      video.preload="metadata";video.playsInline=true;
      video.poster=still.file;video.src=board.film;
      transport(left,video,board.seconds,function(){now=video.currentTime;moment()});
    }else{
      media=make("img",null,frame);media.src=still.file;media.alt=board.title+" "+(n+1);
      media.addEventListener("click",function(){now=still.at;moment()});
    }
    frame.setAttribute("data-ratio",board.width/board.height);
    frames.push({box:frame,at:still.at});
  });
  function inner(box){
    var rect=box.getBoundingClientRect(),ratio=board.width/board.height;
    var wide=Math.min(rect.width,rect.height*ratio),tall=wide/ratio;
    return {x:(rect.width-wide)/2,y:(rect.height-tall)/2,w:wide,h:tall,left:rect.left,top:rect.top};
  }
  function pin(box,x,y,label,run){
    var area=inner(box),dot=make("button",label,box,"pin");
    dot.type="button";
    dot.style.left=(area.x+x*area.w)+"px";dot.style.top=(area.y+y*area.h)+"px";
    if(run){dot.addEventListener("click",run)}
    return dot;
  }
  var verdicts=make("div",null,right,"row");
  var ruling=make("p",null,right);
  [["approved","approve"],["changes","changes"],["rejected","reject"]].forEach(function(pair){
    var made=press(words[pair[1]],verdicts,function(){
      var name=initials();
      if(!name){return}
      state.verdicts=state.verdicts.filter(function(v){return !(v.storyboard===board.number&&v.who===name)});
      state.verdicts.push({id:token(),storyboard:board.number,key:board.key,who:name,verdict:pair[0],
        comment:text.value.trim(),created:new Date().toISOString()});
      text.value="";
      state.unsaved+=1;keep();list();
    });
    made.setAttribute("data-verdict",pair[0]);
  });
  make("h3",words.remarks,right);
  var all=make("ol",null,right);
  var text=make("textarea",null,right);
  text.maxLength=4000;text.placeholder=words.remark;text.setAttribute("aria-label",words.remark);
  var moments=make("label",null,right,"row"),timed=make("input",null,moments);
  timed.type="checkbox";timed.checked=true;
  var momentText=make("span","",moments);
  function moment(){momentText.textContent=say(words.moment,{time:clock(now)})}
  moment();
  var tools=make("div",null,right,"row"),marker=null;
  function forget(){
    place=null;
    if(marker){marker.remove();marker=null}
    pointer.textContent=words.point;
  }
  var pointer=press(words.point,tools,function(){
    if(place){forget();return}
    if(video){video.pause()}
    frames.forEach(function(frame){
      var layer=make("div",null,frame.box,"layer");
      layer.title=words.pointing;
      layer.addEventListener("click",function(event){
        var area=inner(frame.box);
        var x=(event.clientX-area.left-area.x)/area.w,y=(event.clientY-area.top-area.y)/area.h;
        frames.forEach(function(f){f.box.querySelectorAll(".layer").forEach(function(l){l.remove()})});
        if(x<0||x>1||y<0||y>1){return}
        place={x:Math.round(x*1e4)/1e4,y:Math.round(y*1e4)/1e4};
        if(!video){now=frame.at;moment()}
        timed.checked=true;
        marker=pin(frame.box,place.x,place.y,"+");
        pointer.textContent=words.unpoint;text.focus();
      });
    });
  });
  press(words.add,tools,function(){
    var name=initials();
    if(!name){return}
    if(!text.value.trim()){tell(words.empty);text.focus();return}
    state.remarks.push({id:token(),storyboard:board.number,key:board.key,who:name,text:text.value.trim(),
      at:timed.checked?Math.round(now*1000)/1000:null,x:place?place.x:null,y:place?place.y:null,
      created:new Date().toISOString()});
    text.value="";forget();state.unsaved+=1;keep();list();
  },"first").setAttribute("data-add","");
  if(board.texts.length){
    make("h3",words.texts,right);
    var terms=make("dl",null,right);
    board.texts.forEach(function(pair){make("dt",pair[0],terms);make("dd",pair[1],terms)});
  }
  function jump(remark){
    if(remark.at!==null){
      now=remark.at;moment();
      if(video){video.pause();video.currentTime=remark.at}
    }
    main.querySelectorAll(".pin.shown").forEach(function(p){p.remove()});
    if(remark.x!==null){
      var frame=frames[0];
      frames.forEach(function(f){if(remark.at!==null&&Math.abs(f.at-remark.at)<0.05){frame=f}});
      pin(frame.box,remark.x,remark.y,"●").classList.add("shown");
      frame.box.scrollIntoView({block:"nearest"});
    }
  }
  function list(){
    all.textContent="";
    var mine=state.remarks.filter(function(r){return r.storyboard===board.number});
    mine.sort(function(a,b){return (a.at===null?-1:a.at)-(b.at===null?-1:b.at)});
    if(!mine.length){make("li",words.none,all,"quiet")}
    mine.forEach(function(remark){
      var line=make("li",null,all),head=remark.at===null?words.whole:clock(remark.at);
      press(head+" · "+remark.who,line,function(){jump(remark)},"link");
      press(words.remove,line,function(){
        state.remarks=state.remarks.filter(function(r){return r.id!==remark.id});
        keep();list();
      },"link");
      make("p",remark.text,line);
    });
    var rulings=state.verdicts.filter(function(v){return v.storyboard===board.number});
    ruling.textContent=rulings.map(function(v){
      return say(words["verdict_"+v.verdict],{who:v.who})+(v.comment?": "+v.comment:"");
    }).join("\\n");
    verdicts.querySelectorAll("button").forEach(function(b){
      var on=rulings.some(function(v){return v.verdict===b.getAttribute("data-verdict")});
      b.setAttribute("aria-pressed",on?"true":"false");
    });
  }
  list();
  return {article:article,video:video};
}
function arrange(beside){
  main.className=beside?"beside":"";
  bar.querySelectorAll("[data-way]").forEach(function(b){
    b.setAttribute("aria-pressed",String((b.getAttribute("data-way")==="beside")===beside));
  });
}
load();
views=data.boards.map(show);
if(views.length>1){
  press(words.beside,bar,function(){arrange(true)}).setAttribute("data-way","beside");
  press(words.one,bar,function(){arrange(false)}).setAttribute("data-way","one");
  var films=views.map(function(v){return v.video}).filter(Boolean);
  if(films.length>1){
    var together=press(words.play,bar,function(){
      var still=films.every(function(f){return f.paused});
      films.forEach(function(film,n){
        if(!still){film.pause();return}
        film.muted=n>0;film.currentTime=films[0].ended?0:films[0].currentTime;
        var going=film.play();
        if(going){going.catch(function(){})}
      });
      together.textContent=still?words.pause:words.play;
    });
    films[0].addEventListener("timeupdate",function(){
      films.slice(1).forEach(function(film){
        if(!film.paused&&Math.abs(film.currentTime-films[0].currentTime)>0.12){
          film.currentTime=films[0].currentTime;
        }
      });
    });
    films[0].addEventListener("pause",function(){together.textContent=words.play});
  }
}
arrange(views.length>1);
who.addEventListener("input",keep);
document.getElementById("save").addEventListener("click",function(){
  var name="remarks-"+data.package+".json";
  var file={format:data.format,version:data.version,package:data.package,library:data.library,
    remarks:state.remarks,verdicts:state.verdicts};
  var url=URL.createObjectURL(new Blob([JSON.stringify(file,null,1)],{type:"application/json"}));
  var link=document.createElement("a");
  link.href=url;link.download=name;
  document.body.appendChild(link);link.click();link.remove();
  window.setTimeout(function(){URL.revokeObjectURL(url)},4000);
  state.unsaved=0;keep();tell(say(words.saved,{name:name}));
});
})();
""".strip()
