# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""Easy texts leave early, where it is known which texts are easy."""

import pathlib

import pytest
import tensorflow as tf

from benchmarks import easy_and_hard
from mobilebert_tf.compression.early_exit import training
from mobilebert_tf.compression.early_exit import tuning
from mobilebert_tf.pipelines.finetuning import recipe as recipe_lib
from mobilebert_tf.pipelines.finetuning import run


@pytest.mark.exhaustive
class EasyAndHardTest(tf.test.TestCase):

  def test_easy_texts_leave_before_hard_ones(self):
    folder = pathlib.Path(self.get_temp_dir())
    easy_and_hard.write(folder)
    easy_and_hard.write_start(folder / 'start', folder / 'vocab.txt', 0, 4)
    run.run(recipe_lib.Recipe(
        task='classification', text_column='sentence', label_column='label',
        train_file=str(folder / 'train.tsv'),
        dev_file=str(folder / 'dev.tsv'),
        init_checkpoint=str(folder / 'start'), epochs=4.0, learning_rate=1e-3,
        max_length=24), folder / 'whole')
    training.add_exits(
        str(folder / 'whole'), folder / 'exits', training.Options(
            epochs=1.0, wanted=tuning.Wanted(loss=0.01)))
    right, blocks = easy_and_hard.answers(folder, folder / 'exits')
    easy, hard = (right[kind].mean(0) for kind in easy_and_hard.KINDS)
    self.assertAllGreater(easy, 0.98)
    self.assertGreater(hard[-1], 0.98)
    self.assertLess(hard[0], 0.8)
    self.assertGreater(blocks[easy_and_hard.HARD].mean(),
                       blocks[easy_and_hard.EASY].mean() + 0.5)


if __name__ == '__main__':
  tf.test.main()
