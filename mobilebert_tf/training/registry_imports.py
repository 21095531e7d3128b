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

"""Registers all tasks, data loaders and experiments, by importing them."""

# pylint: disable=unused-import
from mobilebert_tf.distillation import task as distillation_task
from mobilebert_tf.tasks.classification import loader as classification_loader
from mobilebert_tf.tasks.classification import task as classification_task
from mobilebert_tf.tasks.pretraining import loader as pretraining_loader
from mobilebert_tf.tasks.pretraining import task as pretraining_task
from mobilebert_tf.tasks.question_answering import loader as question_answering_loader
from mobilebert_tf.tasks.question_answering import task as question_answering_task
from mobilebert_tf.tasks.token_classification import loader as token_classification_loader
from mobilebert_tf.tasks.token_classification import task as token_classification_task
from mobilebert_tf.training import experiments
from official.nlp.configs import experiment_configs
from official.nlp import tasks
