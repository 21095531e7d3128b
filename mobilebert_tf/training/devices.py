# Copyright 2026 The mobilebert_tf Authors
# SPDX-License-Identifier: Apache-2.0

"""On which devices a run trains: all accelerators unless told otherwise."""

import collections
import dataclasses
import glob
import os

import tensorflow as tf, tf_keras

from mobilebert_tf.common import notices
from official.common import distribute_utils
from official.core import config_definitions as cfg

_ALL = -1
_SINGLE = ('off', 'one_device')
# Files of NVIDIA's driver, one for each GPU of the machine.
_DRIVER_FILES = '/dev/nvidia[0-9]*'


@dataclasses.dataclass
class RuntimeConfig(cfg.RuntimeConfig):
  """The Model Garden's config, whose devices are chosen unless named.

  The Model Garden's own defaults pin a run to the CPU.

  Attributes:
    distribution_strategy: Name of a strategy; None for that of the devices.
    num_gpus: Number of GPUs; None or -1 for all that are visible, 0 for the
      CPU.
  """
  distribution_strategy: str | None = None
  num_gpus: int | None = None

  @classmethod
  def of(cls, runtime: cfg.RuntimeConfig) -> 'RuntimeConfig':
    """Returns a config in which the Model Garden's defaults name no device."""
    given, usual = runtime.as_dict(), cfg.RuntimeConfig()
    for name in ('distribution_strategy', 'num_gpus'):
      if given[name] == getattr(usual, name):
        given[name] = None
    return cls(**given)


def build_strategy(runtime: cfg.RuntimeConfig) -> tf.distribute.Strategy:
  """Builds the strategy of a run.

  If the runtime names no strategy: that of a TPU if one is named, of several
  workers if there are, else of the GPUs. The CPU is taken if it is asked for
  (`num_gpus=0`), or there is no GPU.

  Args:
    runtime: Config; None, or -1, for `num_gpus` means all that are visible.

  Raises:
    ValueError: If settings contradict each other, or more GPUs are asked for
      than TensorFlow sees.
  """
  workers = distribute_utils.configure_cluster(
      runtime.worker_hosts, runtime.task_index)
  name = _strategy_name(runtime, workers)
  gpus = _count_gpus(runtime, name)
  if not name:
    name = 'mirrored' if gpus > 1 else 'one_device' if gpus else 'off'
  if name == 'off' and not gpus and _gpus():
    name = 'one_device'  # By default TensorFlow would take the first GPU.
  return distribute_utils.get_distribution_strategy(
      distribution_strategy=name,
      num_gpus=gpus,
      all_reduce_alg=runtime.all_reduce_alg,
      num_packs=runtime.num_packs,
      tpu_address=runtime.tpu)


def is_chief() -> bool:
  """Returns whether this process is the one of all workers that writes."""
  resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
  jobs = resolver.cluster_spec().as_dict()
  if not jobs or resolver.task_type == 'chief':
    return True
  return (resolver.task_type == 'worker' and resolver.task_id == 0
          and 'chief' not in jobs)


def tell(strategy: tf.distribute.Strategy) -> None:
  """Says on what a run trains, and which accelerators it leaves idle."""
  notices.inform(f'Training on {describe(strategy)}.')
  if warning := _warn_of_idle(strategy):
    notices.tell(warning)


def describe(strategy: tf.distribute.Strategy) -> str:
  """Returns the devices of a strategy, such as `2 GPUs (NVIDIA A100)`."""
  counts = collections.Counter(
      device.device_type for device in _devices(strategy))
  # Workers are alike.
  workers = strategy.num_replicas_in_sync // sum(counts.values())
  parts = [', '.join(_count(kind, workers * count)
                     for kind, count in counts.items())]
  if workers > 1:
    parts.append(f'of {workers} workers')
  precision = tf_keras.mixed_precision.global_policy().name
  if precision != 'float32':
    parts.append(f'in {precision}')
  return ' '.join(parts)


def _strategy_name(runtime: cfg.RuntimeConfig, workers: int) -> str:
  """Returns the strategy that the config says, '' if the GPUs decide."""
  name = runtime.distribution_strategy
  if name is False:  # YAML reads `off` as that.
    name = 'off'
  if runtime.tpu and name not in (None, '', 'tpu'):
    raise ValueError(
        f'runtime.tpu is {runtime.tpu!r}, but runtime.distribution_strategy is '
        f'{name!r}. Leave one of them out.')
  if name:
    return name.lower()
  if runtime.tpu:
    return 'tpu'
  return 'multi_worker_mirrored' if workers > 1 else ''


def _count_gpus(runtime: cfg.RuntimeConfig, name: str) -> int:
  """Returns the number of GPUs that a worker trains on."""
  asked, visible = runtime.num_gpus, len(_gpus())
  if asked in (None, _ALL):
    return min(visible, 1) if name in _SINGLE else visible
  if asked < _ALL:
    raise ValueError(f'runtime.num_gpus is {asked}; it counts GPUs, and -1 '
                     'means all.')
  if asked > visible:
    raise ValueError(
        f'runtime.num_gpus is {asked}, but TensorFlow sees {visible} '
        f'GPU{"s" * (visible != 1)}. Leave it out to train on all that there '
        f'are.{_explain_unseen()}')
  if name == 'multi_worker_mirrored' and 0 < asked < visible:
    raise ValueError(
        f'runtime.num_gpus is {asked}, but multi_worker_mirrored takes all '
        f'{visible} GPUs of a worker. CUDA_VISIBLE_DEVICES chooses them.')
  return asked


def _gpus() -> list[tf.config.PhysicalDevice]:
  return tf.config.list_physical_devices('GPU')


def _devices(strategy: tf.distribute.Strategy) -> list[tf.DeviceSpec]:
  """Returns the devices of this worker."""
  try:
    names = strategy.extended.worker_devices
  except RuntimeError:  # TensorFlow's default, which takes the first GPU.
    names = ['/device:GPU:0' if _gpus() else '/device:CPU:0']
  return [tf.DeviceSpec.from_string(name) for name in names]


def _count(kind: str, number: int) -> str:
  """Returns such as `2 GPUs (NVIDIA A100)`."""
  if kind == 'CPU' and number == 1:
    return 'the CPU'
  models = {tf.config.experimental.get_device_details(gpu).get('device_name')
            for gpu in (_gpus() if kind == 'GPU' else ())} - {None}
  return (f'{number} {kind}{"s" * (number > 1)}'
          + (f' ({", ".join(sorted(models))})' if models else ''))


def _warn_of_idle(strategy: tf.distribute.Strategy) -> str:
  """Returns a warning if an accelerator of this machine is not used."""
  used = collections.Counter(
      device.device_type for device in _devices(strategy))
  idle = len(_gpus()) - used['GPU']
  if used['TPU']:
    return ''
  if idle > 0:
    return (f'idle GPUs: {idle} of {len(_gpus())}. Without num_gpus and '
            'distribution_strategy a run trains on all.')
  if tf.config.list_physical_devices('TPU'):
    return 'The TPU of this machine is idle; --tpu=local trains on it.'
  return '' if used['GPU'] else _explain_unseen().strip()


def _explain_unseen() -> str:
  """Returns why TensorFlow may see no GPU on a machine that has one."""
  if (_gpus() or not glob.glob(_DRIVER_FILES)
      or os.environ.get('CUDA_VISIBLE_DEVICES') in ('', '-1')):
    return ''
  return (' This machine has an NVIDIA GPU that TensorFlow cannot use: pip '
          "install 'tensorflow[and-cuda]' brings what it needs.")
