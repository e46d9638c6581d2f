"""Trees as an ONNX model: one node, `TreeEnsembleRegressor` of ai.onnx.ml, input `features` [n, columns], output `score` [n, 1]."""

import onnx
from onnx import TensorProto, helper

from skillforge_ml.trees import LEAF, Tree

OPSET = 17
ML_OPSET = 3
# The version of the file format that came with opset 17: every runtime since 2022 reads it.
IR_VERSION = 8


def onnx_bytes(trees: list[Tree], columns: int) -> bytes:
    """The same trees give the same bytes."""
    node = helper.make_node(
        "TreeEnsembleRegressor",
        inputs=["features"],
        outputs=["score"],
        domain="ai.onnx.ml",
        aggregate_function="SUM",
        n_targets=1,
        post_transform="NONE",
        **nodes_of(trees),
        **leaves_of(trees),
    )
    graph = helper.make_graph(
        [node],
        "ranker",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", columns])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 1])],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="skillforge_ml", ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def nodes_of(trees: list[Tree]) -> dict[str, list]:
    numbered = [(number, node, tree) for number, tree in enumerate(trees) for node in range(len(tree.feature))]
    leaf = [tree.feature[node] == LEAF for _, node, tree in numbered]
    return {
        "nodes_treeids": [number for number, _, _ in numbered],
        "nodes_nodeids": [node for _, node, _ in numbered],
        "nodes_modes": ["LEAF" if end else "BRANCH_LEQ" for end in leaf],
        "nodes_featureids": [0 if end else tree.feature[node] for (_, node, tree), end in zip(numbered, leaf)],
        "nodes_values": [tree.threshold[node] for _, node, tree in numbered],
        "nodes_truenodeids": [0 if end else tree.left[node] for (_, node, tree), end in zip(numbered, leaf)],
        "nodes_falsenodeids": [0 if end else tree.right[node] for (_, node, tree), end in zip(numbered, leaf)],
        "nodes_missing_value_tracks_true": [1] * len(numbered),
    }


def leaves_of(trees: list[Tree]) -> dict[str, list]:
    leaves = [(number, node, tree.value[node]) for number, tree in enumerate(trees) for node, feature in enumerate(tree.feature) if feature == LEAF]
    return {
        "target_treeids": [number for number, _, _ in leaves],
        "target_nodeids": [node for _, node, _ in leaves],
        "target_ids": [0] * len(leaves),
        "target_weights": [value for _, _, value in leaves],
    }
