"""A sentence-transformers model of a few thousand weights, with prompts and CLS pooling: quick to build."""

from pathlib import Path

WORDS = """
[PAD] [UNK] [CLS] [SEP] [MASK] the snow ferry harbour fell on all night leaves leave at noon to when does
what query passage : . ? a ##s
""".split()  # noqa: SIM905


def make_model(folder: Path) -> Path:
    """Write the model, the same each time, and return its folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers.implementations import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    bert = BertModel(
        BertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
        )
    )
    pieces = BertWordPieceTokenizer(vocab={word: n for n, word in enumerate(WORDS)}, lowercase=True)
    bert.save_pretrained(folder / "bert")
    BertTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=32).save_pretrained(
        folder / "bert"
    )
    model = SentenceTransformer(
        modules=[Transformer(str(folder / "bert"), max_seq_length=32), Pooling(16, pooling_mode="cls")],
        prompts={"query": "query: ", "document": "passage: "},
        device="cpu",
    )
    model.save(str(folder / "model"))
    return folder / "model"
