# Copyright 2026 The mobilebert_tf Authors. All Rights Reserved.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""A loaded model and labelled data, to predictions with their metrics."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from mobilebert_tf.data import conll
from mobilebert_tf.data import squad
from mobilebert_tf.evaluation import metrics as metrics_lib
from mobilebert_tf.evaluation import predictions as predictions_lib
from mobilebert_tf.tasks.classification import examples as examples_lib
from mobilebert_tf.tasks.classification import predictor as classification_predictor
from mobilebert_tf.tasks.question_answering import answers as answers_lib
from mobilebert_tf.tasks.question_answering import metrics as question_answering_metrics_lib
from mobilebert_tf.tasks.question_answering import spans as answer_types
from mobilebert_tf.tasks.token_classification import predictor as token_classification_predictor
from mobilebert_tf.tasks.token_classification import scoring

_USUAL_METRICS = {
    predictions_lib.CLASSIFICATION: ('accuracy', 'f1'),
    predictions_lib.REGRESSION: ('pearson', 'spearman'),
}


@dataclasses.dataclass(frozen=True)
class Scored:
  """What a report is written from.

  Attributes:
    predictions: What was answered.
    metrics: Its metrics by name.
    facts: What there is to know beside, title to text.
  """
  predictions: predictions_lib.Predictions
  metrics: Mapping[str, float]
  facts: Mapping[str, str]


def score_texts(predictor: classification_predictor.TextPredictor,
                examples: examples_lib.TextExamples,
                task: str,
                metrics: Sequence[str] = ()) -> Scored:
  """Answers labelled texts and scores the answers.

  Example:

    trained = loading.load('runs/sst2')
    examples = text_examples.read_examples('dev.tsv', labels=trained.labels)
    score_texts(TextPredictor(trained), examples, 'SST-2')

  Args:
    predictor: The model.
    examples: Texts and labels, the labels in the order of the model's classes.
    task: What the report calls it.
    metrics: Names of `evaluation.metrics`; by default accuracy and F1 of
      classes, Pearson's and Spearman's correlation of values.

  Returns:
    Predictions and metrics.

  Raises:
    ValueError: If there are no labels, the model answers what is not finite, or
      a metric does not suit it.
  """
  kind = predictor.trained.kind
  labels = (examples.values if kind == predictions_lib.REGRESSION
            else examples.label_ids)
  if labels is None:
    raise ValueError('The texts have no labels, so answers cannot be scored.')
  names = tuple(metrics) or _USUAL_METRICS[kind]
  metrics_lib.check_names(names, kind == predictions_lib.REGRESSION)
  lengths = predictor.lengths(examples.texts, examples.pairs)
  predictions = predictions_lib.TextPredictions(
      task=task, kind=kind, texts=examples.texts, pairs=examples.pairs,
      label_names=examples.labels, labels=labels,
      scores=predictor.scores(examples.texts, examples.pairs), lengths=lengths)
  longest = predictor.trained.max_length
  cut = int((lengths > longest).sum())
  facts = {'Longer than the model reads':
               f'{cut:,} of {len(lengths):,} texts have more than {longest:,} '
               'tokens' if cut else 'no text'}
  if examples.skipped:
    facts['Rows left out'] = f'{examples.skipped:,} that cannot be read'
  return Scored(predictions, metrics_lib.compute(
      names, predictions.labels, predictions.scores), facts)


def score_sentences(predictor: token_classification_predictor.TokenPredictor,
                    sentences: Sequence[conll.Sentence], task: str) -> Scored:
  """Labels the words of labelled sentences and scores that.

  Args:
    predictor: The model.
    sentences: The sentences.
    task: What the report calls it.

  Returns:
    Predictions, and accuracy or, of entities, F1, precision, recall and
    accuracy.

  Raises:
    ValueError: If a label is none of the model's, naming file and line, or the
      model answers what is not finite.
  """
  names = predictor.trained.labels
  conll.label_ids(sentences, names)
  answers = []
  words = [sentence.words for sentence in sentences]
  for row, scores in enumerate(predictor.scores(words)):
    if not np.isfinite(scores).all():  # Or argmax would name a label.
      raise ValueError(
          f'Sentence {row + 1} has probabilities that are not finite. The '
          'model has diverged, or its checkpoint is damaged.')
    answers.append([names[i] for i in scores.argmax(1)])
  entities = conll.are_entities(names)
  predictions = predictions_lib.TokenPredictions(
      task, words, [sentence.labels for sentence in sentences], answers,
      entities)
  metrics = scoring.metrics(scoring.count(predictions))
  kept = ('f1', 'precision', 'recall', 'accuracy') if entities else (
      'accuracy',)
  return Scored(predictions, {name: metrics[name] for name in kept}, {})


def score_answers(data: squad.SquadData,
                  answers: Mapping[str, answer_types.Answer],
                  task: str,
                  null_threshold: float | None = None) -> Scored:
  """Scores answers to the questions of SQuAD files.

  Args:
    data: The questions.
    answers: What a model answered, by id: `answers.answer_questions`.
    task: What the report calls it.
    null_threshold: As for `answers.predictions`.

  Returns:
    Predictions and the official metrics, in percent.

  Raises:
    ValueError: If a question was not answered, or in v1.1 has no answer to
      compare with.
  """
  version_2 = data.has_unanswerable
  missing = [q.id for q in data.questions if q.id not in answers]
  if missing:
    raise ValueError(f'{len(missing)} questions were not answered, such as '
                     f'{missing[0]!r}.')
  texts = answers_lib.predictions(answers, null_threshold)
  scores = question_answering_metrics_lib.score_questions(data, texts, version_2)
  ids = [question.id for question in data.questions]
  predictions = predictions_lib.AnswerPredictions(
      task=task, ids=ids,
      questions=[question.text for question in data.questions],
      contexts=[data.context(question) for question in data.questions],
      truths=[[answer.text for answer in question.answers]
              for question in data.questions],
      answers=[texts[id_] for id_ in ids],
      scores=[_score_of(answers[id_], texts[id_]) for id_ in ids],
      exact=[scores[id_].exact for id_ in ids],
      f1=[scores[id_].f1 for id_ in ids])
  facts = {}
  if version_2:
    threshold, best = answers_lib.tune_null_threshold(data, answers)
    facts['Best null threshold'] = (
        f'{threshold:.4g}, which gives an F1 of {best:.2f}% on these questions')
    if null_threshold is not None and math.isfinite(null_threshold):
      facts['Null threshold'] = f'{null_threshold:.4g}'
  return Scored(predictions, question_answering_metrics_lib.evaluate(
      data, texts, version_2=version_2), facts)


def _score_of(answer: answer_types.Answer, text: str) -> float:
  """Returns the probability of what counts as the answer.

  Another threshold than the model's may have chosen it.
  """
  if text == answer.text:
    return answer.score
  if text:
    return answer.best.probability
  return next((candidate.probability for candidate in answer.n_best
               if candidate.start is None), 0.0)
