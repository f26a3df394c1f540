"""Which column of a table means what: names are matched loosely, in English, Chinese, German and French."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# Field to the names it goes by, most certain first; compared without case, spaces and signs.
CATALOG: dict[str, tuple[str, ...]] = {
    "sku": _names(
        "sku id itemid productid articlenumber itemnumber productcode code articleno "
        "artikelnummer artikelnr reference référence 货号 商品编号 编号 商品id asin ean gtin "
        "handle"
    ),
    "title": _names(
        "title name productname itemname producttitle titleen titel bezeichnung nom titre "
        "标题 名称 商品名称 品名 商品标题"
    ),
    "description": _names(
        "description desc longdescription productdescription body bodyhtml text details "
        "shortdescription beschreibung 描述 简介 商品描述 说明"
    ),
    "price": _names(
        "price amount saleprice listprice regularprice unitprice variantprice cost preis prix 价格 售价 单价"
    ),
    "currency": _names("currency currencycode währung waehrung devise 货币 币种"),
    "category": _names(
        "category categories producttype type genres genre department group kategorie "
        "catégorie categorie 类别 分类 品类 类目"
    ),
    "images": _names(
        "images image imageurls imageurl imagelinks imagelink imagesrc pictures picture "
        "photos photo media files bilder bild 图片 图像 主图 商品图片"
    ),
    "url": _names("url link producturl productlink page 网址 链接"),
    "attributes": _names("attributes attribute properties specs specifications 属性 规格"),
}
REVIEWS: dict[str, tuple[str, ...]] = {
    "sku": _names(
        "sku id itemid productid articlenumber itemnumber productcode code articleno "
        "artikelnummer artikelnr reference référence 货号 商品编号 编号 商品id asin ean gtin "
        "handle item product 商品"
    ),
    "author": _names("reviewer author nickname user username customer by name 作者 用户 昵称"),
    "rating": _names("rating stars score grade bewertung note 评分 星级"),
    "title": _names("title summary headline subject titel 标题"),
    "text": _names("text review body comment content detail reviewtext kommentar 内容 评论 评价"),
    "created_at": _names("createdat date time timestamp datum 日期 时间"),
    "consent": _names("consent agreed named authorconsent einwilligung consentement 同意 授权"),
}
LINKS: dict[str, tuple[str, ...]] = {
    "sku": _names(
        "sku from source itemsku productsku id itemid productid articlenumber itemnumber "
        "productcode code articleno artikelnummer artikelnr reference référence 货号 商品编号 "
        "编号 商品id asin ean gtin handle item product"
    ),
    "linked": _names(
        "relatedsku linkedsku related linked to target relateditem relatedid linkedid "
        "relatedproduct sku2 item2 targetsku 关联商品 关联"
    ),
    "kind": _names("relation kind type linktype relationtype 关系 类型"),
}
INTERACTIONS: dict[str, tuple[str, ...]] = {
    "member": _names(
        "member user userid memberid customer customerid visitor visitorid client person "
        "session sessionid username 用户 会员 顾客"
    ),
    "sku": _names(
        "sku item itemid product productid movieid id articlenumber itemnumber productcode "
        "code articleno artikelnummer artikelnr reference référence 货号 商品编号 编号 商品id "
        "asin ean gtin handle"
    ),
    "event": _names("event action eventtype type interaction behavior 行为 事件"),
    "weight": _names("weight rating value score stars quantity count 评分 权重"),
    "time": _names("time timestamp date datetime createdat 时间 日期"),
    "audience": _names("audience segment group 受众 人群"),
}


def match_columns(columns: Iterable[str], fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Field to the column that holds it. Each column serves one field; a field without a column is left out.

    Where nothing names the sku outright, the first column whose name ends in ``id`` or ``sku`` does.
    """
    plain = {column: plain_name(column) for column in columns}
    found: dict[str, str] = {}
    for field, names in fields.items():
        free = [column for column in plain if column not in found.values()]
        for name in names:
            column = next((c for c in free if plain[c] == plain_name(name)), None)
            if column is not None:
                found[field] = column
                break
    if "sku" in fields and "sku" not in found:
        free = [column for column in plain if column not in found.values()]
        column = next((c for c in free if plain[c].endswith(("sku", "id", "number", "code"))), None)
        if column is not None:
            found["sku"] = column
    return found


def plain_name(name: str) -> str:
    """A column's name without case, spaces and signs."""
    return re.sub(r"[\W_]+", "", name.lower())
