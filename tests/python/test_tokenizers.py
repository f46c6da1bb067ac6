"""Tokenizers in all the files that a model folder may have of them: predictions equal those of transformers, whose
AutoTokenizer reads the same folder. Another token anywhere changes a probability.
"""

import json
import shutil

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from sweeps import REFERENCE

# Rows of embeddings beyond the vocabulary, for added tokens.
SPARE = 24
LONGEST = 50
# Rounding of float32 in models with large random weights; another token changes more than 1e-3.
ROUNDING = 5e-6
TEXTS = [
    "The bank raised its rate again.",
    "a [unused5] b <x> here [MASK] the [PAD] end",
    "A <pad> in the middle of it all, <mask> too</s>",
    "café naïve 北京 ZYXWV zyxwv<x>",
    "  leading and   double spaces\tand\nlines  ",
    "zyxwv is here",
    "[CLS] quoted [SEP] tokens <s> of both kinds </s>",
    "image <image> and <IMAGE>",
]
PLAIN = dict(lstrip=False, rstrip=False, normalized=False, single_word=False)
TYPED = {"__type": "AddedToken"} | PLAIN


def described(content, **fields):
    return dict(content=content) | PLAIN | fields


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Each reference model with spare embeddings, an initialised head and its tokenizer in separate files."""
    torch.manual_seed(5)
    folders = {}
    for name in ["bert", "distilbert", "roberta", "xlm-roberta"]:
        folder = tmp_path_factory.mktemp(name)
        model = AutoModelForSequenceClassification.from_pretrained(REFERENCE / name / "model", num_labels=4)
        rows = model.config.vocab_size + SPARE
        model.resize_token_embeddings(rows, mean_resizing=False)
        table = model.get_input_embeddings().weight
        with torch.no_grad():
            table.normal_(0, 0.5)
            model.base_model.embeddings.position_embeddings.weight.normal_(0, 0.5)
        model.save_pretrained(folder)
        for file in (REFERENCE / name / "model").iterdir():
            if file.name.startswith(("token", "vocab", "merges")):
                shutil.copy(file, folder)
        folders[name] = folder
    saved = json.loads((folders["roberta"] / "tokenizer.json").read_text())["model"]
    (folders["roberta"] / "vocab.json").write_text(json.dumps(saved["vocab"]))
    merges = [" ".join(merge) if isinstance(merge, list) else merge for merge in saved["merges"]]
    (folders["roberta"] / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    bert = folders["bert"]
    tokenizer = AutoTokenizer.from_pretrained(bert)
    tokenizer.backend_tokenizer.save(str(folders["bert"].parent / "bert.json"))
    return folders


def variant(models, tmp_path, model, files, without=()):
    """A copy of a model's folder with other files: text, or an object, or a function that changes the object."""
    folder = tmp_path / "model"
    shutil.copytree(models[model], folder)
    for name in without:
        (folder / name).unlink()
    for name, contents in files.items():
        path = folder / name
        if name == "tokenizer.json" and not path.exists():
            shutil.copy(models[model].parent / f"{model}.json", path)
        if callable(contents):
            value = json.loads(path.read_text())
            contents(value)
            contents = value
        path.write_text(contents if isinstance(contents, str) else json.dumps(contents))
    return folder


def theirs(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        ids = [tokenizer(text, return_tensors="pt", truncation=True, max_length=LONGEST) for text in texts]
        return [model(**inputs).logits.softmax(-1)[0].tolist() for inputs in ids], [i.input_ids[0].tolist() for i in ids]


def ours(sweep, folder, texts):
    arguments = [argument for text in texts for argument in ("--text", text)]
    lines = sweep("predict", "--run", folder, "--json", "--max-length", LONGEST, *arguments).splitlines()
    return [list(json.loads(line)["probabilities"].values()) for line in lines]


def assert_equal(sweep, folder, texts=TEXTS):
    expected, ids = theirs(folder, texts)
    for text, one, other, tokens in zip(texts, ours(sweep, folder, texts), expected, ids, strict=True):
        assert one == pytest.approx(other, abs=ROUNDING), f"{text!r}: {tokens}"


CONFIG, MAP, ADDED, TOKENIZER = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.json"


def cased(more):
    return {CONFIG: dict(tokenizer_class="BertTokenizer", do_lower_case=True) | more}


# Without tokenizer.json but for those that have one in their files.
BERT = {
    "as it is": {},
    "no configuration": {CONFIG: {}},
    "additional special tokens": cased(dict(additional_special_tokens=["[unused5]"])),
    "extra special tokens": cased(dict(extra_special_tokens=["<x>", "[unused5]"])),
    "both": cased(dict(additional_special_tokens=["<x>"], extra_special_tokens=["[unused5]"])),
    "extra by name": cased(dict(extra_special_tokens={"image_token": "<image>"})),
    "a further attribute": cased(dict(image_token="<image>")),
    "typed": cased(dict(additional_special_tokens=[TYPED | dict(content="<x>", lstrip=True, rstrip=True)])),
    "typed class token": cased(dict(mask_token=TYPED | dict(content="[MASK]", lstrip=True))),
    "other class tokens": cased(dict(cls_token="the", sep_token="[PAD]")),
    "null": cased(dict(mask_token=None, pad_token=None)),
    "decoder": cased(dict(added_tokens_decoder={"640": described("<x>", special=True), "641": described("zyxwv")})),
    "decoder, normalized": cased(dict(added_tokens_decoder={"640": described("ZYXWV", normalized=True)})),
    "decoder, single word": cased(dict(added_tokens_decoder={"640": described("<x>", single_word=True, rstrip=True)})),
    "decoder of class tokens": cased(
        dict(added_tokens_decoder={"4": described("[MASK]", special=True, lstrip=True), "0": described("[PAD]")})
    ),
    "decoder hides the other files": cased(dict(added_tokens_decoder={"640": described("zyxwv")}))
    | {MAP: dict(additional_special_tokens=["<x>"]), ADDED: {"<image>": 641}},
    "added tokens": {ADDED: {"zyxwv": 640, "<x>": 641}},
    "added tokens, special": cased(dict(additional_special_tokens=["<x>"])) | {ADDED: {"zyxwv": 640, "<x>": 641}},
    "map": {MAP: dict(additional_special_tokens=["[unused5]", "<x>"], mask_token="[MASK]")},
    "map, described": {MAP: dict(mask_token=described("[MASK]", lstrip=True), cls_token=described("[CLS]"))},
    "map, other mask": {MAP: dict(mask_token="<mask>")},
    "map and configuration": cased(dict(additional_special_tokens=["<x>"], mask_token="[MASK]"))
    | {MAP: dict(additional_special_tokens=["[unused5]"], mask_token="<mask>")},
    "map with extra": cased(dict(extra_special_tokens=["<x>"])) | {MAP: dict(extra_special_tokens=["[unused5]"])},
    "map with extra by name": {MAP: dict(extra_special_tokens={"image_token": "<image>"})},
    "cased": {CONFIG: dict(do_lower_case=False)},
    "accents": cased(dict(strip_accents=False)),
    "accents, cased": {CONFIG: dict(do_lower_case=False, strip_accents=True)},
    "chinese": cased(dict(tokenize_chinese_chars=False)),
    "split": cased(dict(split_special_tokens=True)),
    "longest": cased(dict(model_max_length=32)),
    "left": cased(dict(truncation_side="left")),
    "class of another model": {CONFIG: dict(tokenizer_class="ElectraTokenizer")},
    "tokenizer.json": {TOKENIZER: lambda value: None},
    "tokenizer.json, other settings": {
        TOKENIZER: lambda value: value["normalizer"].update(lowercase=False),
        CONFIG: dict(do_lower_case=True),
    },
    "tokenizer.json, other model": {
        TOKENIZER: lambda value: value["model"].update(max_input_chars_per_word=3, continuing_subword_prefix="@@"),
    },
    "tokenizer.json, no post-processor": {TOKENIZER: lambda value: value.update(post_processor=None)},
    "tokenizer.json, an added token": {
        TOKENIZER: lambda value: value["added_tokens"].append(described("zyxwv", id=640, special=False, normalized=True)),
    },
    "tokenizer.json, an added token that the configuration lacks": {
        TOKENIZER: lambda value: value["added_tokens"].append(described("zyxwv", id=640, special=False)),
        CONFIG: dict(added_tokens_decoder={"640": described("<x>", special=True)}),
    },
    "tokenizer.json and vocab.txt disagree": {
        TOKENIZER: lambda value: None,
        "vocab.txt": "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a"]) + "\n",
    },
    "tokenizer.json as saved": {
        TOKENIZER: lambda value: value["normalizer"].update(lowercase=False),
        CONFIG: dict(tokenizer_class="PreTrainedTokenizerFast", extra_special_tokens=["<x>"], mask_token="<mask>"),
    },
    "tokenizer.json as saved, by the model's configuration": {
        TOKENIZER: lambda value: value["normalizer"].update(lowercase=False),
        CONFIG: {},
        "config.json": lambda value: value.update(tokenizer_class="PreTrainedTokenizerFast"),
    },
    "tokenizer.json as saved, decoder": {
        TOKENIZER: lambda value: None,
        CONFIG: dict(
            tokenizer_class="PreTrainedTokenizerFast",
            added_tokens_decoder={"4": described("[MASK]", special=True, rstrip=True), "640": described("<x>")},
        ),
    },
}
ROBERTA = {
    "as it is": {},
    "prefix space": {CONFIG: dict(add_prefix_space=True)},
    "trim offsets": {CONFIG: dict(trim_offsets=False)},
    "additional special tokens": {CONFIG: dict(additional_special_tokens=["[unused5]", "<x>"])},
    "mask that strips": {MAP: dict(mask_token=described("<mask>", lstrip=True, normalized=True))},
    "added tokens": {ADDED: {"zyxwv": 600, "<x>": 601}},
    "decoder": {CONFIG: dict(added_tokens_decoder={"600": described("zyxwv"), "4": described("<mask>", lstrip=True)})},
    "class of another model": {CONFIG: dict(tokenizer_class="LongformerTokenizerFast")},
    "split": {CONFIG: dict(split_special_tokens=True)},
}
XLM_ROBERTA = {
    "as it is": {},
    "no prefix space": {CONFIG: dict(add_prefix_space=False)},
    "another splitter": {
        TOKENIZER: lambda value: value.update(
            pre_tokenizer=dict(type="Metaspace", replacement="▁", prepend_scheme="always", split=True), normalizer=None
        )
    },
    "added tokens": {
        TOKENIZER: lambda value: value["added_tokens"].append(described("zyxwv", id=560, special=False, normalized=True)),
        CONFIG: dict(additional_special_tokens=["<x>"]),
    },
    "as saved": {CONFIG: dict(tokenizer_class="PreTrainedTokenizerFast", extra_special_tokens=["<x>"])},
}


@pytest.mark.parametrize("files", BERT.values(), ids=BERT.keys())
def test_bert(files, models, sweep, tmp_path):
    """M2"""
    assert_equal(sweep, variant(models, tmp_path, "bert", files))


@pytest.mark.parametrize("saved", [True, False], ids=["tokenizer.json", "vocab.json"])
@pytest.mark.parametrize("files", ROBERTA.values(), ids=ROBERTA.keys())
def test_roberta(files, saved, models, sweep, tmp_path):
    """M2, and M3 by the texts with `<pad>` in them."""
    without = ["vocab.json", "merges.txt"] if saved else [TOKENIZER]
    assert_equal(sweep, variant(models, tmp_path, "roberta", files, without))


@pytest.mark.parametrize("files", XLM_ROBERTA.values(), ids=XLM_ROBERTA.keys())
def test_xlm_roberta(files, models, sweep, tmp_path):
    """M2, and M3 by the texts with `<pad>` in them."""
    assert_equal(sweep, variant(models, tmp_path, "xlm-roberta", files))


def test_distilbert(models, sweep, tmp_path):
    """M2"""
    files = {ADDED: {"zyxwv": 620}, MAP: dict(additional_special_tokens=["<x>"])}
    assert_equal(sweep, variant(models, tmp_path, "distilbert", files))


@pytest.mark.parametrize("model", ["roberta", "xlm-roberta"])
@pytest.mark.parametrize("padding", [0, 1, 7])
def test_padding_within_a_text_is_not_counted(padding, model, models, sweep, tmp_path):
    """M3: also where padding has another id."""
    change = lambda value: value.update(pad_token_id=padding)
    folder = variant(models, tmp_path, model, {"config.json": change})
    texts = ["a <pad> in the middle of it all", "<pad><pad> twice <pad>", "<pad>", "none of it", "<s> first <s>"]
    assert_equal(sweep, folder, texts)


def refusal(sweep, folder, *arguments):
    done = sweep.run("predict", "--run", folder, "--text", "zyxwv is here", *arguments)
    assert done.returncode == 2 and not done.stdout, done.stderr
    return done.stderr


def test_tokens_without_an_embedding(models, sweep, tmp_path):
    """M1: transformers fails with an index error when such a token comes."""
    folder = variant(models, tmp_path, "bert", {ADDED: {f"zyxwv{n}": 640 + n for n in range(SPARE + 1)}})
    said = refusal(sweep, folder)
    assert "665 token ids" in said and "664 rows" in said, said


def test_ids_that_disagree(models, sweep, tmp_path):
    """M2: transformers would give `<x>` another id than the file says."""
    folder = variant(models, tmp_path, "bert", {ADDED: {"<x>": 650}})
    said = refusal(sweep, folder)
    assert "added_tokens.json" in said and "650" in said and "640" in said, said


@pytest.mark.parametrize(
    "model, files, without, said",
    [
        ("bert", {CONFIG: dict(tokenizer_class="RobertaTokenizer")}, [], "RobertaTokenizer"),
        ("bert", {CONFIG: dict(tokenizer_class="PreTrainedTokenizerFast")}, [], "PreTrainedTokenizerFast"),
        ("bert", {CONFIG: dict(do_lower_case="false")}, [], "do_lower_case"),
        ("bert", {CONFIG: dict(truncation_side="middle")}, [], "truncation_side"),
        ("bert", {CONFIG: dict(cls_token=None)}, [], "cls_token is null"),
        ("roberta", {CONFIG: dict(tokenizer_class="BertTokenizer")}, [], "BertTokenizer"),
        ("xlm-roberta", {}, [TOKENIZER], "XLMRobertaTokenizer"),
    ],
)
def test_tokenizers_that_do_not_fit(model, files, without, said, models, sweep, tmp_path):
    """M2: what transformers fails on, or makes nonsense of."""
    assert said in refusal(sweep, variant(models, tmp_path, model, files, without))
