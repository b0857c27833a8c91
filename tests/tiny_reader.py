"""Models for extractive question answering of a few thousand random weights, of several families."""

from pathlib import Path

from tests.tiny_model import WORDS

SIZE = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
TEXTS = ["When does the ferry leave?", "The ferry leaves at noon.", "Snow fell on the harbour all night."]


def make_bert(folder: Path, *, positions: int = 512, headless: bool = False) -> Path:
    """Write a BERT, the same each time: word pieces, and type ids for the two texts."""
    import torch
    from tokenizers.implementations import BertWordPieceTokenizer
    from transformers import BertConfig, BertForQuestionAnswering, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(WORDS), max_position_embeddings=positions, **SIZE)
    model = BertModel(config) if headless else BertForQuestionAnswering(config)
    model.save_pretrained(folder)
    pieces = BertWordPieceTokenizer(vocab={word: n for n, word in enumerate(WORDS)}, lowercase=True)
    BertTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=512).save_pretrained(folder)
    return folder


def make_roberta(folder: Path) -> Path:
    """Write a RoBERTa: bytes, blanks that belong to words, no type ids, positions behind the padding's."""
    import torch
    from tokenizers.implementations import ByteLevelBPETokenizer
    from tokenizers.processors import RobertaProcessing
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForQuestionAnswering

    torch.manual_seed(0)
    pieces = ByteLevelBPETokenizer(add_prefix_space=False)
    pieces.train_from_iterator(
        TEXTS, vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    )
    pieces._tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    config = RobertaConfig(
        vocab_size=pieces.get_vocab_size(),
        max_position_embeddings=66,
        pad_token_id=1,
        type_vocab_size=1,
        **SIZE,
    )
    RobertaForQuestionAnswering(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer,
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=512,
    ).save_pretrained(folder)
    return folder


def make_gpt(folder: Path) -> Path:
    """Write a GPT-2, which has no [CLS] to say that a passage does not answer."""
    import torch
    from tokenizers.implementations import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2ForQuestionAnswering, PreTrainedTokenizerFast

    torch.manual_seed(0)
    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator(TEXTS, vocab_size=300)
    config = GPT2Config(vocab_size=pieces.get_vocab_size(), n_positions=128, n_embd=16, n_layer=1, n_head=2)
    GPT2ForQuestionAnswering(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer).save_pretrained(folder)
    return folder
