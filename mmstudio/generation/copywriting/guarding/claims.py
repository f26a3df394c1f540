"""Claims: what a text promises beyond figures, each under a name that is the same in both languages.

A claim is supported where a fact makes the same one. Names with a colon carry what is claimed
(``free:bpa``, ``origin:italy``, ``most:light``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# name: English and Chinese forms
_CLAIMS: dict[str, str] = {
    # trade
    "free delivery": r"free (?:\w+ )?(?:shipping|delivery|postage)|ships? free|(?:shipping|delivery) (?:is )?(?:free|on us)|包邮|免运费|免费(?:送货|配送|快递)",
    "fast delivery": r"(?:same|next)[- ]day (?:shipping|delivery|dispatch)|ships? (?:today|tomorrow|within|in)|overnight (?:shipping|delivery)|(?:fast|express|instant) (?:shipping|delivery)|当日达|次日达|极速发货|闪电发货|现货速发",
    "free returns": r"free returns?|returns? (?:are )?free|(?:easy|hassle-free|no-questions-asked) returns?|return it (?:any ?time|within)|免费退货|无理由退(?:换|货)|包退",
    "money back": r"money[- ]back|full refund|refund(?:ed|s)?\b|退款|假一赔\w?",
    "warranty": r"(?:extended |full )?warrant(?:y|ies)|质保|保修",
    "guarantee": r"guarantee(?:d|s)?|satisfaction guaranteed|we promise|保证|承诺|包您?满意",
    "sale": r"on sale|(?:flash|clearance|summer|winter|spring) sale|sale (?:price|ends)|discount(?:ed|s)?|\boff (?:today|now|everything|your)|half[- ]price|price (?:drop|cut)|reduced (?:price|to)|save (?=[$€£¥\d]|big|money|up)|special offer|bargain|best deal|great deals?|clearance|促销|特价|打折|折扣|降价|优惠|清仓|半价|立减",
    "free gift": r"free gifts?|(?:bonus|complimentary) (?:gift|item)|buy (?:one|1|two|2)[, ]+get|comes free|free of charge|at no (?:extra )?cost|免费赠?送|买一送一|赠品",
    "free trial": r"free trials?|try (?:it )?(?:for )?free|免费试用",
    "scarcity": r"limited (?:time|edition|stock|supply|offer|quantities)|only \w+ left|last chance|while (?:stocks?|supplies) last|selling (?:out )?fast|almost gone|hurry|before it'?s gone|don'?t miss out|ends (?:today|tonight|soon|sunday|monday|friday)|today only|only today|限时|限量|库存不多|仅剩|最后机会|售完即止|数量有限|手慢无|抢购",
    "in stock": r"in stock|back in stock|available now|现货|有货",
    "best seller": r"best[- ]?sell(?:er|ing|ers)|top[- ]sell(?:er|ing)|most popular|sold out|热销|畅销|爆款|销量(?:第一|冠军)|卖断货",
    "new": r"brand[- ]new|new arrivals?|just (?:landed|launched|arrived)|all[- ]new|newly (?:launched|designed|released)|新品|全新|新款|最新|新上市",
    "exclusive": r"exclusive(?:ly)?|only here|nowhere else|独家|专属|独有|仅此一家",
    # certification and authority
    "certified": r"certifi(?:ed|cation|cate)s?|accredited|认证|通过.{0,8}认证",
    "iso": r"\biso[ -]?\d{3,5}", "ce": r"\bce[- ](?:marked|certified|mark)", "fda": r"\bfda\b", "gots": r"\bgots\b", "oeko-tex": r"oeko[- ]?tex",
    "fsc": r"\bfsc\b", "energy star": r"energy star", "grs": r"\bgrs\b|global recycled standard", "bluesign": r"bluesign", "leed": r"\bleed\b",
    "rohs": r"\brohs\b", "usda": r"\busda\b", "b corp": r"\bb[- ]corp\b", "fair trade": r"fair[- ]?trade|公平贸易",
    "award": r"award[- ]winning|\bawards?\b(?! yourself)|prize[- ]winning|winner of|获奖|大奖|金奖",
    "patented": r"patent(?:ed|s|-pending)?|专利", "clinical": r"clinically (?:proven|tested)|clinical(?:ly)?\b(?: studies| trials?)?|临床",
    "science": r"scientifically (?:proven|tested)|science[- ]backed|backed by science|proven (?:to|results)|studies show|research shows|lab[- ]tested|independently tested|laboratory[- ]tested|科学(?:证明|验证)|实验室|经测试|研究表明|研究证明",
    "experts": r"(?:doctors?|dermatologists?|experts?|physio\w*|vets?|dentists?|trainers?|chefs?|professionals?)(?:'s)?[- ](?:recommend(?:ed|s)?|approved|tested|trusted?|choice)|(?:recommended|approved|trusted|endorsed|used) by (?:\w+ )?(?:doctors?|dermatologists?|experts?|professionals?|athletes?|trainers?|celebrit\w+|olympi\w+)|专家推荐|医生推荐|明星同款|权威推荐",
    "official": r"official(?:ly)? (?:licensed|approved|partner|supplier)|官方(?:授权|认证|指定)",
    # crowd
    "crowd": r"(?:loved|trusted|used|chosen|adored|worn) by (?:thousands|millions|everyone|people|customers|families|many|over|more)|(?:thousands|millions|hundreds) of (?:\w+ )?(?:customers|people|users|fans|reviews|families|athletes|buyers)|customers (?:love|rave|agree|say)|everyone(?:'s| is) (?:talking|favou?rite|loves?)|fan favou?rite|crowd favou?rite|rave reviews|top[- ]rated|highest[- ]rated|highly rated|五星好评|好评如潮|万人|千万用户|人手一件|口碑|广受好评|全网|网红款",
    # superlatives and rank
    "number one": r"(?:#|no\.? ?|number )(?:1|one)\b(?! of)|numero uno|第一品牌|排名第一|全国第一|世界第一|行业第一|销量第一|top\s?1\b",
    "world": r"world'?s (?:\w+)|world[- ](?:class|famous|leading|renowned|beating)|in the world|on the planet|on earth|on the market|in its class|best[- ]in[- ]class|世界级|全球(?:领先|首)|国家级|顶级|顶尖|极致|至尊",
    "leading": r"(?:market|industry|global)[- ]leading|industry standard|leading (?:brand|name|choice|maker)|行业领先|领先品牌|领导品牌|遥遥领先",
    "only one": r"the only (?:one|\w+ (?:that|you|with|to))|one[- ]of[- ]a[- ]kind|like no other|first[- ]ever|the first (?:\w+ )?(?:to|of its|ever)|首创|首款|唯一|绝无仅有|独一无二",
    "unbeatable": r"unbeatable|unmatched|unrivall?ed|unparalleled|second to none|incomparable|beats? (?:every|all|any)|无与伦比|无可比拟|无敌|完胜|秒杀",
    "superior": r"superior (?:to|quality|grade)|premium[- ]grade|finest quality|highest quality|top[- ]quality|最优质|顶配",
    "best": r"(?<!your )(?<!their )(?<!its )(?<!my )(?<!our )(?<!his )(?<!her )\bbest\b(?![- ]sell)(?! of luck)(?! in class)|最好|最佳|最棒|最优",
    # comparison and absolutes
    "comparison": r"(?:better|cheaper|faster|stronger|lighter|softer|safer|warmer|longer|tougher|thinner|smaller|bigger|quieter|healthier|cleaner|easier|smarter|more \w+|less \w+) than (?!ever\b|you(?:'d)? (?:think|expect))|(?:twice|three times|\d+ ?(?:x|times)) (?:as|more|the|longer|faster|stronger|lighter|better)|(?:than|unlike) (?:\w+ )?(?:others?|competitors?|rivals|other|any other|the competition|leading brands?)|outperforms?|compared (?:to|with)|比.{1,8}(?:更|还)|优于|胜过|超越同类|同类(?:产品)?(?:最|中)",
    "absolute": r"risk[- ]free|fool[- ]?proof|never (?:fails?|breaks?|fades?|wears?|tears?|rusts?|leaks?|runs? out|lets? you down|needs?)|lasts? (?:forever|a lifetime|for (?:years|decades|life|generations))|forever|for life\b|lifetime|built to last|indestructible|unbreakable|(?:100|one hundred) ?(?:%|percent) (?:satisf\w+|safe|effective|secure|guaranteed)|always works|without fail|zero (?:risk|effort|waste|emissions?)|no risk|instant(?:ly)? results?|miracle|永不|永久|终身|绝对|百分百|百分之百(?!棉)|零风险|万无一失|一劳永逸|立竿见影|奇迹|永远",
    "perfect": r"flawless|perfection\b|perfectly (?:safe|clean)|完美无瑕|零瑕疵",
    # health
    "health": r"cures?\b|heals?\b|treats? (?:pain|acne|\w+ache)|relieves? (?:\w+ )?(?:pain|stress|aches?|tension|anxiety)|pain[- ]relief|boosts? (?:your )?(?:immun\w+|metabolism|energy|mood|performance|testosterone)|immunity|burns? (?:\w+ )?(?:fat|calories)|weight[- ]loss|los(?:e|ing) weight|slimming|anti[- ]?ag(?:e)?ing|detox\w*|therapeutic|medical[- ]grade|prevents? (?:injur\w+|disease|\w+ pain)|reduces? (?:wrinkles|inflammation|pain|the risk)|improves? (?:your )?(?:circulation|posture|sleep|health)|治疗|治愈|疗效|缓解(?:疼痛|压力)|减肥|瘦身|燃脂|排毒|抗衰老?|增强免疫|提高免疫力|抗癌|防癌|促进(?:血液循环|睡眠)",
    # qualities
    "waterproof": r"water[- ]?proof|防水", "water resistant": r"water[- ](?:resistant|repell?ent|repelling)|weather[- ]?(?:proof|resistant)|sheds (?:rain|water)|防泼水|拒水",
    "windproof": r"wind[- ]?(?:proof|resistant|blocking|breaker)|防风", "fireproof": r"(?:fire|flame)[- ]?(?:proof|resistant|retardant)|防火|阻燃",
    "shockproof": r"shock[- ]?(?:proof|resistant|absorb\w+)|防震|减震", "dustproof": r"dust[- ]?(?:proof|resistant)|防尘", "stain resistant": r"stain[- ]?(?:proof|resistant|repell?ent)|防污",
    "scratch resistant": r"scratch[- ]?(?:proof|resistant)|防刮|耐刮", "rustproof": r"rust[- ]?(?:proof|resistant|free)|防锈|不生锈", "tearproof": r"tear[- ]?(?:proof|resistant)|rip[- ]?(?:proof|stop|resistant)|防撕裂",
    "leakproof": r"leak[- ]?(?:proof|resistant|free)|防漏", "wrinkle free": r"wrinkle[- ]?(?:free|resistant)|crease[- ]?resistant|免烫|防皱|抗皱", "fade resistant": r"fade[- ]?(?:proof|resistant)|color[- ]?fast|不褪色",
    "childproof": r"child[- ]?(?:proof|safe)|kid[- ]?safe|儿童安全", "anti theft": r"anti[- ]?theft|rfid|防盗", "non slip": r"(?:non|anti)[- ]?(?:slip|skid)|slip[- ]?resistant|防滑",
    "antibacterial": r"anti[- ]?(?:bacterial|microbial)|抗菌|抑菌|杀菌", "anti odour": r"(?:anti[- ]?|un)odou?r\w*|odou?r[- ](?:control|resistant|resistance|free|fighting)|防臭|除臭|去异味",
    "anti static": r"anti[- ]?static|防静电", "hypoallergenic": r"hypo-?allergenic|allergy[- ]?friendly|低敏|防过敏", "moisture wicking": r"(?:moisture|sweat)[- ]?wick\w*|wicks? (?:away )?(?:moisture|sweat)|wicking|吸湿排汗|排汗",
    "quick drying": r"(?:quick|fast)[- ]?dry(?:ing)?|dries (?:fast|quickly|in)|速干|快干", "breathable": r"breathab(?:le|ility)|透气", "uv protection": r"\buv\b|\bupf\b|\bspf\b|sun[- ]protect\w+|防晒|防紫外线",
    "machine washable": r"machine[- ]?wash(?:able)?|machine[- ]?washing|wash(?:es)? in the machine|机洗|可机洗", "dishwasher safe": r"dishwasher[- ]?(?:safe|proof|friendly)|洗碗机", "microwave safe": r"microwave[- ]?(?:safe|able)|微波炉",
    "oven safe": r"oven[- ]?(?:safe|proof)|烤箱可用", "pre-shrunk": r"pre-?shrunk|预缩水", "reflective": r"reflect(?:ive|ivity)|反光", "insulated": r"insulat(?:ed|ion|ing)|保温|隔热", "thermal": r"\bthermal\b|heat[- ]retain\w+|保暖",
    "lightweight": r"(?:ultra|super|feather)?[- ]?light[- ]?weight|ultra-?light|轻便|轻量|轻盈", "stretch": r"stretch(?:y|able|es)?\b|elastic(?:ated|ized)?\b|弹力|弹性|有弹性", "seamless": r"seamless|seam-?free|无缝",
    "adjustable": r"adjust(?:able|s)\b|可调节|可调", "detachable": r"detach(?:able|es)|removable|可拆卸|可拆", "reversible": r"reversible|双面可?穿", "foldable": r"fold(?:able|s flat|ing)|collapsible|packable|可折叠|折叠", "lockable": r"lockable|可上锁", "padded": r"\bpadd(?:ed|ing)\b|加垫|衬垫",
    "rechargeable": r"rechargeable|可充电", "wireless": r"wireless|cordless|无线", "bluetooth": r"bluetooth|蓝牙", "touchscreen": r"touch[- ]?screen|触屏", "noise cancelling": r"noise[- ]?cancell?ing|降噪", "solar": r"solar[- ]?powered|太阳能",
    "eco": r"eco[- ]?(?:friendly|conscious|collection|logical\w*)?\b(?=[ ,.!-]|$)|environmentally|planet[- ]friendly|good for the planet|green choice|low[- ]impact|环保|绿色环保", "sustainable": r"sustainab(?:le|ly|ility)|可持续", "carbon neutral": r"carbon[- ]?(?:neutral|negative|free)|climate[- ]?(?:neutral|positive)|net[- ]zero|碳中和|零碳",
    "recycled": r"recycled|upcycled|再生材料|回收材料|再生", "recyclable": r"recyclable|可回收", "biodegradable": r"bio-?degradable|compostable|可降解|可堆肥", "organic": r"\borganic(?:ally)?\b|有机", "vegan": r"\bvegan\b|cruelty[- ]?free|纯素|零残忍",
    "handmade": r"hand[- ]?(?:made|crafted|sewn|stitched|woven|painted|knit\w*|finished|blown)|crafted by hand|made by hand|artisan(?:al)?|手工", "natural": r"all[- ]natural|100% natural|natural (?:ingredients|materials?|fib(?:er|re)s?)|chemical[- ]?free|纯天然|天然材质|全天然", "non toxic": r"non-?toxic|toxin[- ]?free|food[- ]?(?:grade|safe)|无毒|食品级|无害",
    "gluten free": r"gluten[- ]?free|无麸质", "sugar free": r"(?:sugar[- ]?free|no added sugar)|无糖", "genuine": r"\bgenuine\b|\bauthentic\b|正品|真品", "durable": r"durab(?:le|ility)|hard[- ]?wearing|long[- ]?lasting|heavy[- ]duty|rugged|sturdy|耐用|耐磨|结实|坚固",
    "custom": r"custom[- ]?(?:made|built|fit)|made to (?:order|measure)|bespoke|personali[sz]ed|monogram\w*|engrav\w+|定制|私人订制", "safe": r"\bsafe for\b|child-safe|pet[- ]safe|skin[- ]safe|gentle on (?:skin|the planet)|baby[- ]safe|母婴",
    "limited": r"collector'?s (?:edition|item)|numbered edition|收藏版",
}  # fmt: skip
_PLACES: dict[str, str] = {
    "italy": "ital(?:y|ian)|意大利", "france": "france|french|法国", "germany": "german(?:y)?|德国", "switzerland": "switzerland|swiss|瑞士", "japan": "japan(?:ese)?|日本",
    "china": "china|chinese|中国", "usa": "usa|u\\.s\\.a?\\.?|the us\\b|america(?:n)?|united states|美国", "uk": "uk\\b|britain|british|england|english|scotland|scottish|wales|welsh|英国|苏格兰", "spain": "spain|spanish|西班牙",
    "portugal": "portugal|portuguese|葡萄牙", "turkey": "turkey|turkish|土耳其", "india": "india(?:n)?|印度", "korea": "korea(?:n)?|韩国", "vietnam": "vietnam(?:ese)?|越南",
    "sweden": "sweden|swedish|瑞典", "denmark": "denmark|danish|丹麦", "norway": "norway|norwegian|挪威", "scandinavia": "scandinavia(?:n)?|nordic|北欧", "australia": "australia(?:n)?|澳大利亚|澳洲",
    "new zealand": "new zealand|新西兰", "peru": "peru(?:vian)?|秘鲁", "mexico": "mexico|mexican|墨西哥", "brazil": "brazil(?:ian)?|巴西", "canada": "canad(?:a|ian)|加拿大", "europe": "europe(?:an)?|欧洲", "thailand": "thailand|thai|泰国", "bangladesh": "bangladesh", "egypt": "egypt(?:ian)?|埃及", "taiwan": "taiwan(?:ese)?|台湾",
}  # fmt: skip
_PLACE = "|".join(f"(?P<p{n}>{words})" for n, words in enumerate(_PLACES.values()))
_PLACE_NAMES = list(_PLACES)
_GOODS = r"(?:made|craft\w*|design\w*|leather|wool|cotton|silk|linen|steel|oak|quality|engineer\w*|fabric|manufactur\w*|style|ceramic\w*|glass|wood|watch\w*|shoes?)"
_ORIGIN = re.compile(
    rf"(?:(?:made|manufactured|produced|crafted|sewn|woven|designed|assembled|handmade|born|grown|built|spun|imported|sourced)(?: by hand)? (?:in|from) (?:the )?|(?:a )?product of (?:the )?|from the (?:heart|hills|workshops?) of |产自|产于|原产(?:地为?|于)?|来自|进口自)(?:{_PLACE})(?![a-z])"
)  # fmt: skip
_ORIGIN_GOODS = re.compile(
    rf"(?<![a-z])(?:{_PLACE})[- ]{_GOODS}(?![a-z])|(?:{_PLACE.replace('(?P<p', '(?P<q')})(?:制造|原装|进口|工艺|生产|产)"
)
_IMPORTED = re.compile(
    r"\bimported\b|进口|\bmade (?:locally|here)\b|locally (?:made|sourced|grown)|home-?grown|国产|本地制造"
)
_MADE_IN = re.compile(
    r"\b(?:made|manufactured|assembled) in (?!(?:a|an|the|one|two|three|our|your|small|minutes)\b)([a-z]{3,})"
)
_FREE_OF = re.compile(
    r"(?<![a-z])([a-z]{2,})[- ]free(?![a-z])|\bfree (?:of|from) ([a-z]{3,})|(?:不含|零添加|无添加)([\u3400-\u9fff]{1,4})"
)
_SUPERLATIVE = re.compile(
    r"(?<![a-z])(?:([a-z]{3,}?)(i?est)(?![a-z])|(?:the|our|its) (most|least) ([a-z]+)|最([\u3400-\u9fff]))"
)
_NOT_EST = re.compile(
    r"^(?:forest|guest|interest|request|test|west|vest|chest|nest|quest|honest|modest|earnest|harvest|invest|suggest|protest|contest|digest|arrest"
    r"|manifest|priest|crest|pest|zest|jest|lest|breast|fest|everest|budapest|midwest|northwest|southwest|tempest|conquest|rest|unrest|dishonest"
    r"|divest|behest|attest|detest|ingest|infest|ernest|bequest|best|backrest|headrest|armrest|footrest|amethyst|blest|least|est)$"
)
_HAN_MOST = re.compile(r"最(?:好|佳|棒|优|后|近|终|初|多可|多|少|长可|高可|爱|喜欢)")
_MARKED = re.compile(r"([a-z][\w-]{2,24})\s?[®™]")
_PATTERN = re.compile(
    "|".join(f"(?P<c{n}>(?<![a-z])(?:{words})(?![a-z]))" for n, words in enumerate(_CLAIMS.values()))
)
_NAMES = list(_CLAIMS)
# What says at least as much: who says the first has said the second.
_IMPLIES = {
    "waterproof": ("water resistant",), "carbon neutral": ("eco",), "biodegradable": ("eco",), "recycled": ("eco", "sustainable"),
    "sustainable": ("eco",), "gots": ("organic", "certified"), "iso": ("certified",), "fda": ("certified",), "oeko-tex": ("certified",), "fsc": ("certified",),
    "energy star": ("certified",), "grs": ("certified", "recycled"), "bluesign": ("certified",), "tearproof": ("durable",), "insulated": ("thermal",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim at ``start:end`` under its name."""

    start: int
    end: int
    name: str


def claims(folded: str) -> list[Claim]:
    """Every claim of a folded text, in order; a longer one hides those within it."""
    found = [
        Claim(m.start(), m.end(), _NAMES[int((m.lastgroup or "c0")[1:])]) for m in _PATTERN.finditer(folded)
    ]
    for pattern in (_ORIGIN, _ORIGIN_GOODS):
        for match in pattern.finditer(folded):
            place = next(k for k, v in match.groupdict().items() if v)
            found.append(Claim(match.start(), match.end(), f"origin:{_PLACE_NAMES[int(place[1:])]}"))
    for match in _MADE_IN.finditer(folded):
        found.append(Claim(match.start(), match.end(), f"origin:{match[1]}"))
    found += [Claim(m.start(), m.end(), "origin:abroad") for m in _IMPORTED.finditer(folded)]
    for match in _FREE_OF.finditer(folded):
        what = next(group for group in match.groups() if group)
        if what not in (
            "for",
            "care",
            "hands",
            "set",
            "all",
            "feel",
            "get",
            "be",
            "break",
            "is",
            "are",
            "the",
        ):
            found.append(Claim(match.start(), match.end(), f"free:{what}"))
    found += _superlatives(folded)
    found += [Claim(m.start(), m.end(), f"mark:{m[1]}") for m in _MARKED.finditer(folded)]
    found.sort(key=lambda claim: (claim.start, -claim.end))
    kept: list[Claim] = []
    for claim in found:
        if kept and claim.start < kept[-1].end:
            if claim.end <= kept[-1].end:
                continue
            claim = Claim(kept[-1].end, claim.end, claim.name)  # noqa: PLW2901
        kept.append(claim)
    return kept


def _superlatives(folded: str) -> list[Claim]:
    found = []
    for match in _SUPERLATIVE.finditer(folded):
        if match[1]:
            if _NOT_EST.match(match.group()):
                continue
            root = match[1] + ("y" if match[2] == "iest" else "")
            found.append(Claim(match.start(), match.end(), f"most:{root}"))
        elif match[3]:
            if match[4] != "of":
                found.append(Claim(match.start(), match.end(), f"{match[3]}:{match[4]}"))
        elif not _HAN_MOST.match(folded, match.start()):
            found.append(Claim(match.start(), match.end(), f"most:{match[5]}"))
    return found


def implied(name: str) -> tuple[str, ...]:
    """Claims that whoever makes this one has made as well, itself first."""
    return (name, *_IMPLIES.get(name, ()))
