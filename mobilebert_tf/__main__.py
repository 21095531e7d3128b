# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs the program of a verb; `mobilebert --help` lists them."""

import difflib
import runpy
import sys

import mobilebert_tf

# Module to description, in the order in which one needs them.
_PROGRAMS = {
    'quickstart': 'Raw text to a distilled model that answers',
    'convert_checkpoint': 'Weights from and to other implementations',
    'learn_vocabulary': 'WordPiece vocabulary from text',
    'create_pretraining_data': 'Pre-training records from text',
    'cache_answers': "A teacher's answers beside the records",
    'start_student': "Student with a teacher's word table",
    'train': 'Pre-training, distillation, any experiment',
    'finetune': 'Fine-tuning on a task by its name',
    'finetune_search': 'Grid of fine-tuning settings and seeds',
    'add_exits': 'Early exits for a fine-tuned classifier',
    'augment': 'More training texts, by a masked LM',
    'adapt': 'One model of many widths and depths',
    'extract': 'Smaller model, cut out of a larger one',
    'choose': 'Best model of a family that is fast enough here',
    'embed': 'Vectors of texts',
    'search': 'Texts that are nearest to queries',
    'mine_negatives': 'Hard negatives of pairs of texts',
    'predict': 'Answers to lines of text, as JSON lines',
    'evaluate': 'Report on labelled data',
    'model_card': 'Model card of a run, for people',
    'push_to_hub': 'Model and card to the Hugging Face hub',
    'glue_submission': 'GLUE score and submission',
    'score_retrieval': 'Recall, MRR and nDCG of vectors',
    'score_squad': "SQuAD's official score",
    'ablation': "The paper's ablations on one's own text",
    'export.export_saved_model': 'SavedModel for TensorFlow Serving',
    'export.export_tflite': 'TFLite file with tokenizer and metadata',
    'export.export_onnx': 'ONNX files for every runtime, and their folder',
    'export.benchmark': 'Size, speed and accuracy of exported models',
}
VERBS = {module.rpartition('.')[2]: f'mobilebert_tf.{module}'
         for module in _PROGRAMS}

_COMPLETION = r"""
_mobilebert() {
  local word="${COMP_WORDS[COMP_CWORD]}" verb="${COMP_WORDS[1]}"
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W '%s' -- "${word}"))
  elif [[ "${word}" == --* ]]; then
    COMPREPLY=($(compgen -W "$(mobilebert "${verb}" --help | sed -nE \
        's/^  (-.,)?--(\[no\])?([a-z_]+):.*/--\3/p')" -- "${word}"))
  fi
}
complete -o default -F _mobilebert mobilebert
"""


def main() -> None:
  """Runs the verb that the command line names, or answers about all verbs."""
  verb, *arguments = sys.argv[1:] or ['--help']
  if verb in VERBS:
    sys.argv = [f'mobilebert {verb}', *arguments]
    runpy.run_module(VERBS[verb], run_name='__main__', alter_sys=True)
  elif verb in ('--help', '-h', 'help'):
    print(_usage())
  elif verb == '--version':
    print(mobilebert_tf.__version__)
  elif verb == '--completion':
    print(_COMPLETION.strip() % ' '.join(VERBS))
  else:
    near = difflib.get_close_matches(verb, VERBS, n=1)
    suggestion = f' Did you mean {near[0]}?' if near else ''
    sys.exit(f'mobilebert: unknown verb: {verb}.{suggestion} --help lists all '
             'verbs.')


def _usage() -> str:
  width = max(map(len, VERBS))
  return '\n'.join([
      'Usage: mobilebert VERB [--flag=value ...]', '',
      *(f'  {verb:{width}}  {description}.' for verb, description
        in zip(VERBS, _PROGRAMS.values(), strict=True)), '',
      '`mobilebert VERB --help` describes the flags of a verb. For tab '
      'completion in bash:', '`eval "$(mobilebert --completion)"`.'])


if __name__ == '__main__':
  main()
