"""Regression trees as plain arrays: what ONNX and the contributions are made of.

Serving compares float32 features. A float32 x is at most a double threshold exactly when it is at most the greatest float32 that is not above the
threshold, so rounding thresholds down keeps every branch. Values of nodes are rounded to float32 once, here, so that both files hold the
same numbers.
"""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

LEAF = -1


@dataclass(frozen=True)
class Tree:
    """Node 0 is the root, children have greater numbers than their parent. A leaf has the feature -1 and the children -1. `value` of an inner node is what the node would score as a leaf."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]


def trees_of(booster: lightgbm.Booster) -> list[Tree]:
    """The trees of a trained model. Features must be numbers without missing values: other splits are refused."""
    return [flattened(one["tree_structure"]) for one in booster.dump_model()["tree_info"]]


def flattened(root: dict[str, Any]) -> Tree:
    tree = Tree([], [], [], [], [])
    waiting = [(root, LEAF, tree.left)]
    while waiting:
        node, parent, side = waiting.pop()
        number = len(tree.feature)
        if parent != LEAF:
            side[parent] = number
        inner = "split_feature" in node
        tree.feature.append(node["split_feature"] if inner else LEAF)
        tree.threshold.append(float(float32_at_most(node["threshold"])) if inner else 0.0)
        tree.value.append(float(np.float32(node["internal_value" if inner else "leaf_value"])))
        tree.left.append(LEAF)
        tree.right.append(LEAF)
        if inner:
            if node["decision_type"] != "<=" or node["missing_type"] != "None":
                raise ValueError(f"a split by {node['decision_type']} with missing type {node['missing_type']} has no plain form")
            waiting.append((node["right_child"], number, tree.right))
            waiting.append((node["left_child"], number, tree.left))
    return tree


def float32_at_most(value: float) -> np.float32:
    """The greatest float32 that is not above a number."""
    rounded = np.float32(value)
    return rounded if float(rounded) <= value else np.nextafter(rounded, np.float32(-np.inf))


def document(trees: list[Tree]) -> dict[str, Any]:
    """As ``trees-next.json`` and ``trees-new.json`` hold them. No feature is ever missing, so the way for missing values is always left."""
    return {"bias": 0, "trees": [{**vars(tree), "defaultLeft": [1] * len(tree.feature)} for tree in trees]}


def score(trees: list[Tree], features: np.ndarray) -> np.ndarray:
    """Scores of float32 rows in float64: the plain definition, slow, for tests and for checking the other two."""
    return np.array([sum(tree.value[path(tree, row)[-1]] for tree in trees) for row in features])


def path(tree: Tree, row: np.ndarray) -> list[int]:
    """Nodes that a row passes, from the root to the leaf."""
    nodes = [0]
    while tree.feature[nodes[-1]] != LEAF:
        node = nodes[-1]
        nodes.append(tree.left[node] if row[tree.feature[node]] <= tree.threshold[node] else tree.right[node])
    return nodes
