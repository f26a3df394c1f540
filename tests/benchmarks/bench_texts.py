"""How much the text vectors and the sentiment know: real shop data, chance and plain baselines beside each.

    python tests/benchmarks/bench_texts.py --data FOLDER

FOLDER holds shop/ (items.csv, reviews.csv). Nearest neighbours over the shop's own categories: an item never
votes for itself, nor for one of the same title. Categories of fewer than three items are left out. The
interval is a 95 % bootstrap over items. The sentiment is 5-fold cross-validated over reviews rated 2 or
less, or 4 or more.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np

from mmstudio.features.normalise import unit_rows
from mmstudio.features.texts.embeddings import train_word_vectors
from mmstudio.features.texts.lexicon import polarity
from mmstudio.features.texts.quotes import review_sentences
from mmstudio.features.texts.sentiment import learn_sentiment, said
from mmstudio.features.texts.sif import fit_sif
from mmstudio.features.texts.vocabulary import Vocabulary, bag_of_words, tf_idf
from mmstudio.features.texts.words import fit_text_model, tokens
from mmstudio.jobs import run_inline
from mmstudio.library.records import Review

NEIGHBOURS = 5


def votes(similarity: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """bool[N]: whether the nearest neighbours of other groups vote for a row's label."""
    similarity = similarity.astype(np.float64).copy()
    similarity[groups[:, None] == groups[None]] = -np.inf
    right = np.zeros(len(labels), bool)
    for at, row in enumerate(similarity):
        count: Counter[str] = Counter()
        for other in np.argsort(-row, kind="stable")[:NEIGHBOURS]:
            if np.isfinite(row[other]):
                count[labels[other]] += max(float(row[other]), 1e-6)
        right[at] = bool(count) and count.most_common(1)[0][0] == labels[at]
    return right


def interval(right: np.ndarray) -> str:
    """Mean with its 95 % bootstrap interval, in per cent."""
    rng = np.random.default_rng(0)
    means = right[rng.integers(0, len(right), (2000, len(right)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{100 * right.mean():5.1f} %  [{100 * low:.1f}, {100 * high:.1f}]"


def category_of(row: dict[str, str]) -> str:
    """The last step of an item's category path, such as Jackets; empty where it has none."""
    path = re.search(r"categories=([^;,|]+)", row["attributes"])
    steps = (path[1] if path else row["category"].split(" > Collections")[0].replace(" > ", "/")).split("/")
    return steps[-1].strip()


def categories(folder: Path) -> None:
    """Nearest neighbours of items by their words (title and description, as the extractors read them)."""
    with (folder / "items.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    leaf = [category_of(row) for row in rows]
    often = Counter(leaf)
    kept = [at for at, name in enumerate(leaf) if name and often[name] >= 3]
    texts = [f"{row['title']}\n{row['title']}\n{row['description']}" for row in rows]
    documents = [tokens(text) for text in texts]
    with (folder / "reviews.csv").open(encoding="utf-8") as file:
        reviews = [tokens(f"{row['title']}\n{row['text']}") for row in csv.DictReader(file)]
    labels = np.array([leaf[at] for at in kept])
    titles = np.array([re.sub(r"\W+", " ", rows[at]["title"].lower()).strip() for at in kept])
    vocabulary = Vocabulary.fit(documents)
    counts = bag_of_words(documents, vocabulary)
    flat = tf_idf(counts)
    common = Vocabulary.fit([list(set(document)) for document in documents], most=512)
    top = np.log1p(bag_of_words(documents, common).toarray().astype(np.float32))
    model = fit_text_model(documents, {})
    started = time.perf_counter()
    words = run_inline(lambda context: train_word_vectors([*documents, *reviews], context))
    trained = time.perf_counter() - started
    sif = fit_sif(documents, words)
    mean = np.stack(
        [np.mean([words.matrix[r] for w in d if (r := words.row(w)) is not None], axis=0) for d in documents]
    )
    rng = np.random.default_rng(0)
    noise = rng.normal(size=words.matrix.shape).astype(np.float32)
    random_words = type(words)(words.words, noise, words.counts, "random", "random", {})
    length = np.array(
        [[len(text), len(set(d))] for text, d in zip(texts, documents, strict=True)], np.float32
    )
    spaces = {
        "tfidf-svd (searched with)": model.vectors(documents),
        "sif": sif.vectors(documents),
        "bow (512 words, as exported)": unit_rows(top),
        "tf-idf, every word": flat.toarray(),
        "plain mean of the word vectors": unit_rows(mean.astype(np.float32)),
        "sif over random word vectors": fit_sif(documents, random_words).vectors(documents),
        "baseline: length of the text": unit_rows((length - length.mean(0)) / length.std(0)),
    }
    majority = Counter(labels).most_common(1)[0][1] / len(labels)
    shares = np.array(list(Counter(labels).values())) / len(labels)
    print(f"{NEIGHBOURS}-NN on shop categories ({len(labels)} items, {len(shares)} categories)")
    for name, rows_ in spaces.items():
        unit = rows_[kept]
        print(f"  {name:34} {interval(votes(unit @ unit.T, labels, titles))}", flush=True)
    print(f"  {'chance: the commonest category':34} {100 * majority:5.1f} %")
    print(f"  {'chance: drawn by frequency':34} {100 * float((shares**2).sum()):5.1f} %")
    print(f"  ({len(words.words)} word vectors trained in {trained:.1f} s)")


def sentiment(folder: Path) -> None:
    """Reviews rated 2 or less against 4 or more."""
    with (folder / "reviews.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    reviews = [
        Review(n, 0, row["reviewer"], float(row["rating"]), row["title"], row["text"], None)
        for n, row in enumerate(rows)
    ]
    quality = learn_sentiment(reviews).quality
    rated = [r for r in reviews if r.rating is not None and (r.rating <= 2 or r.rating >= 4)]
    truth = np.array([(r.rating or 0) >= 4 for r in rated])
    guess = np.array([polarity(said(r)) for r in rated])
    right = np.where(guess == 0, 0.5, (guess > 0) == truth)
    lexicon = (right[truth].mean() + right[~truth].mean()) / 2
    print(f"Sentiment of reviews ({quality.positive} content, {quality.negative} not)")
    assert quality.accuracy is not None
    assert quality.balanced is not None
    balanced = f"balanced {100 * quality.balanced:.1f} %"
    print(f"  {'learned, cross-validated':34} {100 * quality.accuracy:5.1f} %  {balanced}")
    print(f"  {'lexicon alone':34} {100 * right.mean():5.1f} %  balanced {100 * lexicon:.1f} %")
    print(f"  {'chance: the commoner side':34} {100 * (quality.majority or 0):5.1f} %  balanced 50.0 %")


def speed(folder: Path) -> None:
    """Sentences and words per second, beside splitting at blanks."""
    with (folder / "reviews.csv").open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)] * 5
    letters = sum(map(len, texts))
    for name, call in {"sentences": review_sentences, "words": tokens, "str.split": str.split}.items():
        started = time.perf_counter()
        for text in texts:
            call(text)
        print(f"  {name:34} {letters / (time.perf_counter() - started) / 1e6:5.1f} million characters / s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "shop"
    categories(folder)
    sentiment(folder)
    print("Speed")
    speed(folder)


if __name__ == "__main__":
    main()
