"""How Trainer treats an accumulation window, and what makes its runs equal to ours (docs/trainer.md)."""

import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    Trainer,
    TrainingArguments,
)

SHAPE = dict(
    vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, num_labels=4,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)


def rows():
    random = torch.Generator().manual_seed(0)
    row = lambda i: dict(
        input_ids=torch.randint(5, 90, (12,), generator=random),
        attention_mask=torch.ones(12, dtype=torch.long),
        labels=torch.tensor(i % 4),
    )
    return [row(i) for i in range(64)]


def model(family):
    torch.manual_seed(1)
    if family == "bert":
        return BertForSequenceClassification(BertConfig(**SHAPE))
    return RobertaForSequenceClassification(RobertaConfig(**SHAPE, max_position_embeddings=40, pad_token_id=1))


class InOrder(Trainer):
    """Rows as they come, so that 16 x 1 and 8 x 2 see the same ones in a step."""

    def _get_train_sampler(self, *_):
        return torch.utils.data.SequentialSampler(self.train_dataset)


def train(folder, family, batch, accumulation, divided=False, clip=1.0, epsilon=1e-8, rate=1e-3):
    """The first gradient norm and the weights after four steps."""
    arguments = TrainingArguments(
        str(folder), per_device_train_batch_size=batch, gradient_accumulation_steps=accumulation, max_steps=4,
        learning_rate=rate, lr_scheduler_type="constant", max_grad_norm=clip, adam_epsilon=epsilon, weight_decay=0.1,
        logging_steps=1, report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True,
    )
    trainer = InOrder(model(family), arguments, train_dataset=rows())
    if divided:
        trainer.model_accepts_loss_kwargs = False
    trainer.train()
    norms = [entry["grad_norm"] for entry in trainer.state.log_history if "grad_norm" in entry]
    weights = torch.cat([parameter.detach().flatten() for parameter in trainer.model.parameters()])
    return float(norms[0]), weights


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_trainer_sums_a_window_and_clip_and_epsilon_make_it_a_mean(tmp_path, family):
    whole, of_whole = train(tmp_path, family, 16, 1)
    summed, _ = train(tmp_path, family, 8, 2)
    mean, of_mean = train(tmp_path, family, 8, 2, divided=True)
    assert summed == pytest.approx(2 * whole, rel=1e-3) and mean == pytest.approx(whole, rel=1e-3)
    assert (of_mean - of_whole).abs().max() < 1e-5
    # Below the norms seen, so that clipping acts.
    clip = 0.1
    _, of_sum = train(tmp_path, family, 8, 2, clip=2 * clip)
    _, same = train(tmp_path, family, 8, 2, divided=True, clip=clip, epsilon=0.5e-8)
    assert (of_sum - same).abs().max() < 1e-5
    _, other_way = train(tmp_path, family, 8, 2, clip=2 * clip, epsilon=2e-8)
    _, ours = train(tmp_path, family, 8, 2, divided=True, clip=clip)
    assert (other_way - ours).abs().max() < 1e-5
    # The rate is no way to make up for the sum: AdamW divides by the size of gradients.
    _, faster = train(tmp_path, family, 8, 2, divided=True, clip=clip, epsilon=0.5e-8, rate=2e-3)
    assert (of_sum - faster).abs().max() > 1e-3
