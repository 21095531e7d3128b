# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""A run as a folder that others load, its model card, and the hub."""

from collections.abc import Mapping, Sequence
import os
import pathlib
import shutil
import tempfile
from typing import Any

import huggingface_hub
from huggingface_hub import errors

from mobilebert_tf import checkpoints
from mobilebert_tf import modeling
from mobilebert_tf.checkpoints import bundles
from mobilebert_tf.checkpoints import checkpoint as checkpoint_lib
from mobilebert_tf.checkpoints import model_card
from mobilebert_tf.checkpoints import sentence_transformers
from mobilebert_tf.common import files
from mobilebert_tf.common import notices
from mobilebert_tf.compression.adaptive_width_depth import training as adaptive
from mobilebert_tf.inference import loading
from mobilebert_tf.pipelines.finetuning import run as run_lib
from mobilebert_tf.reporting import evaluation as evaluation_report
from mobilebert_tf.reporting import family as family_report
from mobilebert_tf.reporting import run_card
from mobilebert_tf.reporting import training_card
from mobilebert_tf.tasks import registry
from mobilebert_tf.training import resuming
from mobilebert_tf.training import run as training


def write_card(folder: str | os.PathLike, overwrite: bool = False,
               **said: Any) -> str:
  """Writes the model card of a run; see `run_card.put`.

  Raises:
    FileNotFoundError: If the folder holds no run of an experiment, no finished
      one of `finetune`, and no family that is done.
    FileExistsError: If somebody has edited the card.
    ValueError: If a statement is none that the hub accepts.
  """
  folder = os.path.expanduser(folder)
  if files.exists(os.path.join(folder, run_lib.RECIPE)):
    results = run_lib.read_results(pathlib.Path(folder))
    if results is None:
      raise FileNotFoundError(
          f'{folder} has no {run_lib.RESULTS}, so it holds no finished run of '
          '`mobilebert finetune`. The same command finishes it.')
    kind = registry.kind_of_recipe(results['recipe']['task'])
    return str(run_card.write(folder, kind, results, overwrite, **said))
  family = adaptive.read_results(folder)
  model = os.path.join(folder, family['model']) if family else folder
  run = bundles.locate(model).folder
  params = os.path.join(run, resuming.PARAMS_FILE)
  if not files.exists(params):
    raise FileNotFoundError(f'{run} holds no run: it has no '
                            f'{resuming.PARAMS_FILE}.')
  logged = training.read_metrics(os.path.join(run, training.METRICS_FILE))
  checkpoint = _of_model(registry.load(model)) if files.exists(
      os.path.join(folder, evaluation_report.JSON)) else (
          checkpoints.read(checkpoints.find(model)))
  return run_card.put(folder, lambda statements: training_card.build(
      os.path.basename(os.path.abspath(folder)), checkpoint,
      files.read_yaml(params), logged[-1] if logged else {}, statements,
      _measured(folder, family)), overwrite, **said)


def write_new_card(folder: str | os.PathLike) -> None:
  """Writes the model card of a run that is done; says so if it cannot."""
  try:
    write_card(folder)
  except (FileExistsError, ValueError) as error:  # The model is there.
    notices.tell(f'No model card is written: {error}')


def _measured(folder: str, family: Mapping[str, Any] | None
              ) -> dict[str, str]:
  """Returns the sections of a card on what a folder says was measured."""
  if family:
    columns, rows = family_report.members(family['sizes'])
    return {'Members': 'Widths are shares of heads and units, depths of blocks;'
                       ' scores are of the held-out part. `mobilebert extract` '
                       'cuts a member out.\n\n'
                       + model_card.table(columns, rows)}
  if not files.exists(os.path.join(folder, evaluation_report.JSON)):
    return {}
  evaluation = evaluation_report.read(folder)
  return {'Evaluation': run_card.describe_evaluation(
              evaluation, registry.get(evaluation['kind'])),
          'Limits': run_card.describe_limits(evaluation)}


def save_pretrained(run: str | os.PathLike, folder: str | os.PathLike,
                    overwrite: bool = False) -> list[str]:
  """Writes the folder of a run's model that others load, with its card.

  It is one of transformers, or of sentence-transformers if the model is a
  sentence encoder.

  Returns:
    Sentences on what was left out, or differs there.

  Raises:
    FileExistsError: If the folder exists and may not be replaced.
    ValueError: If there is no run, or its model has early exits.
  """
  trained = registry.load(os.fspath(run))
  if isinstance(trained.model, modeling.SentenceEncoder):
    return registry.load_sentence_encoder(os.fspath(run)).save_pretrained(
        os.fspath(folder), overwrite)
  if isinstance(trained.model, modeling.EarlyExitClassifier):
    raise ValueError(
        f'{run} has early exits, which no other library has. Export it with '
        'export_tflite or export_saved_model, or save the run that it was made '
        'of.')
  return checkpoints.write(_of_model(trained), os.fspath(folder),
                           'hugging_face', overwrite,
                           card=model_card.read(run))


def _of_model(trained: loading.TrainedModel) -> checkpoint_lib.Checkpoint:
  return checkpoints.of_model(
      trained.model, trained.vocab_file, trained.lower_case)


def push(model_dir: str | os.PathLike, repo_id: str, *, licence: str = '',
         exports: Sequence[str | os.PathLike] = (),
         private: bool = False) -> str:
  """Uploads a model with its card to the Hugging Face hub, in one commit.

  Args:
    model_dir: A fine-tuning run, or a Hugging Face folder.
    repo_id: Name on the hub, as `owner/name`; made if there is none.
    licence: Licence by the hub's identifier, if the card names none.
    exports: Exported files to upload beside it.
    private: Whether a new repository is seen by its owner alone.

  Returns:
    Address of the commit.

  Raises:
    FileNotFoundError: If there is no such model or file.
    ValueError: If the card names no licence, or is not one that the hub
      accepts; nothing is uploaded then.
    PermissionError: If the hub does not allow it.
  """
  model_dir = pathlib.Path(model_dir).expanduser()
  exports = [pathlib.Path(files.find_file(path)) for path in exports]
  names = [each.name for each in exports]
  if len({*names, model_card.NAME}) < len(names) + 1:
    raise ValueError(f'Two files to upload have one name: {", ".join(names)}.')
  with tempfile.TemporaryDirectory() as parent:
    folder = pathlib.Path(parent, repo_id.rpartition('/')[2])
    if loading.is_run(str(model_dir), registry.KINDS):
      save_pretrained(model_dir, folder)
    else:
      _check_folder(model_dir)
      shutil.copytree(model_dir, folder)
    card = huggingface_hub.ModelCard(files.read_text(
        folder / model_card.NAME))
    card.data.license = licence or card.data.license
    if licence:
      card.text = card.text.replace(model_card.UNKNOWN_LICENCE, licence)
    model_card.check(str(card), needs_licence=True)
    files.write_text(folder / model_card.NAME, str(card))
    taken = sorted({*names} & {each.name for each in folder.iterdir()})
    if taken:
      raise ValueError(f'{taken[0]} is a file of the model, too; give the '
                       'export another name.')
    for path in exports:
      shutil.copy2(path, folder)
    return _upload(folder, repo_id, private)


def _check_folder(folder: pathlib.Path) -> None:
  """Raises an error unless a folder is one of Hugging Face with a card."""
  known = sentence_transformers.recognises(folder) or (
      checkpoints.recognise(str(folder)) == 'hugging_face')
  if not known:
    raise ValueError(f'{folder} is no folder of Hugging Face. Convert it: '
                     'mobilebert convert_checkpoint '
                     '--output_format=hugging_face.')
  if not model_card.read(folder):
    raise FileNotFoundError(
        f'{folder} has no {model_card.NAME} with metadata: a model card.')


def _upload(folder: pathlib.Path, repo_id: str, private: bool) -> str:
  hub = huggingface_hub.HfApi()
  try:
    hub.create_repo(repo_id, private=private, exist_ok=True)
    # It asks the hub to check the card before it uploads anything.
    return hub.upload_folder(
        repo_id=repo_id, folder_path=folder,
        commit_message='Model, tokenizer and model card').commit_url
  except errors.HfHubHTTPError as error:
    status = getattr(error.response, 'status_code', None)
    reason = str(error).strip().splitlines()[-1]
    if status in (401, 403):
      raise PermissionError(
          f'The Hugging Face hub does not let you write to {repo_id}: {reason} '
          'Log in with `hf auth login`, or set HF_TOKEN.') from error
    raise ConnectionError(
        f'The Hugging Face hub answers with {status}: {reason}') from error
  except (OSError, ValueError):  # Its own words are good.
    raise
  except Exception as error:  # Those of its HTTP library have no known base.
    raise ConnectionError(
        f'The Hugging Face hub cannot be reached: {error}') from error
