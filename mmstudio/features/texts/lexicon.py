"""Words of praise and of complaint in English and Chinese: what opinions are judged by without ratings.

Written for this project from everyday words of shop reviews; it knows no irony and little grammar.
"""

from __future__ import annotations

import re

from mmstudio.features.texts.words import chinese_words

_PRAISE_EN = """
love loves loved lovely great perfect perfectly excellent amazing best awesome fantastic wonderful
comfortable comfy comfort soft favorite favourite warm sturdy durable stylish beautiful beautifully nice
nicely easy easily happy recommend recommended light lightweight roomy good well pretty cute cozy cool
impressed impressive superb solid quality flattering worth pleased satisfied reliable handy useful helpful
bright clear smooth breathable versatile affordable bargain gorgeous ideal brilliant fun fast quick strong
flexible supportive secure fine glad enjoy enjoyed enjoyable compliments compliment holds fits elegant
practical spacious better thanks wow liked
"""
_COMPLAINT_EN = """
bad poor poorly broke broken breaks worst worse hate hated disappointed disappointing disappointment
return returned returning refund small tight cheap cheaply flimsy shrink shrinks shrunk loose ugly
uncomfortable expensive overpriced hard issue issues problem problems fault faulty defective torn tore
ripped rip rips hole holes faded fades fade scratchy itchy itches itch thin rough stiff smell smells
smelly stinks useless waste wasted terrible horrible awful boring weak leaks leaked leaking heavy bulky
slippery annoying difficult wrong fell falls stopped cracked crack stains stained dirty noisy slow unhappy
regret sadly unfortunately beware avoid junk crap garbage awkward mediocre meh barely fail failed fails
lacks lacking missing sucks hurts hurt pain painful dull
"""
_PRAISE_ZH = """
喜欢 很好 好用 好看 好听 好吃 舒服 舒适 完美 推荐 漂亮 满意 不错 方便 柔软 值得 值 棒 赞
优秀 精致 结实 耐用 实惠 便宜 划算 惊喜 轻便 清晰 合适 合身 贴心 美观 时尚 暖和 保暖 透气
宽敞 牢固 超值 给力 大方 细腻 干净 快 高兴 开心 爱 好 可爱 美 优雅 实用 高级 顺滑
"""
_COMPLAINT_ZH = """
差 差劲 坏 坏了 失望 退货 退 退款 可惜 破 破了 难看 难用 难闻 难受 贵 太贵 小了 大了 紧
松 薄 硬 粗糙 掉色 褪色 开线 异味 臭 后悔 垃圾 糟糕 问题 毛病 慢 断 断了 裂 漏 漏水 脏
瑕疵 不值 不好 不喜欢 不满意 不舒服 不行 假 劣质 麻烦 沉 吵 起球 缩水 掉毛 丑
"""
_NOT_EN_LIST = """
not no never nothing hardly isn't wasn't aren't weren't don't doesn't didn't won't wouldn't can't cannot
couldn't shouldn't haven't hasn't without nor neither isnt wasnt dont doesnt didnt wont cant
"""
_NOT_EN = frozenset(_NOT_EN_LIST.split())
_NOT_ZH = frozenset(["不", "没", "没有", "别", "无", "不太", "不是", "并不", "从不", "毫无", "不够"])
_MUCH_LIST = """
very really so extremely super too absolutely totally highly incredibly 很 非常 特别 超 太 十分 极 真 超级 挺
"""
_MUCH = frozenset(_MUCH_LIST.split())
_PRAISE = frozenset(_PRAISE_EN.split()) | frozenset(_PRAISE_ZH.split())
_COMPLAINT = frozenset(_COMPLAINT_EN.split()) | frozenset(_COMPLAINT_ZH.split())
_NOT = _NOT_EN | _NOT_ZH
_REACH = 3  # words that a "not" turns round
_PIECE = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+(?:['’][^\W\d_\u3400-\u9fff]+)?|[.!?,;:。！？，；：…]"
)
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def opinion_words(text: str) -> list[str]:
    """Every word in small letters, Chinese as jieba cuts it; punctuation ends the reach of a "not"."""
    found: list[str] = []
    for match in _PIECE.finditer(text.casefold().replace("’", "'")):
        piece = match.group()
        found += chinese_words(piece) if _HAN.match(piece) else [piece]
    return found


def negated_words(text: str) -> list[str]:
    """Words with ``not_`` before each of the three after a "not" (after Das & Chen 2001), no punctuation."""
    found: list[str] = []
    reach = 0
    for word in opinion_words(text):
        if not word[0].isalpha():
            reach = 0
        elif word in _NOT:
            reach = _REACH
            found.append(word)
        else:
            found.append(f"not_{word}" if reach > 0 else word)
            reach -= 1
    return found


def polarity(text: str) -> float:
    """How well a text speaks by the lexicon alone: -1 (only complaints) to 1 (only praise), 0 for neither.

    A "not" turns round what follows within three words; an adverb such as "very" makes it count more.
    """
    total, weight = 0.0, 0.0
    reach, strength = 0, 1.0
    for word in opinion_words(text):
        if not word[0].isalpha():
            reach, strength = 0, 1.0
            continue
        if word in _NOT:
            reach = _REACH
            if word in _COMPLAINT:
                total, weight = total - 1, weight + 1
            continue
        if word in _MUCH:
            strength = 1.5
            continue
        value = 1.0 if word in _PRAISE else -1.0 if word in _COMPLAINT else 0.0
        if value:
            value *= strength * (-0.8 if reach > 0 else 1.0)
            total, weight = total + value, weight + abs(value)
        strength = 1.0
        reach -= 1
    return total / weight if weight else 0.0
