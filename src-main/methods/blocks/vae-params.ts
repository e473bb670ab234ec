import type { SeriesInfo } from '../../../src-shared/domain/method'
import type { ParamSchema } from '../../../src-shared/params/params'

/** The KL weight. */
export const klParams = (defaults: { klCap: number; annealSteps: number }): ParamSchema => [
  {
    key: 'klCap',
    type: 'number',
    label: 'KL weight',
    help: 'The final weight of the KL term. Larger pulls all users towards the average, smaller lets the model memorise.',
    default: defaults.klCap,
    min: 0,
    max: 10,
    basic: true,
  },
  {
    key: 'annealSteps',
    type: 'integer',
    label: 'KL annealing',
    help: 'Optimiser steps in which the KL weight would rise from 0 to 1; it stops at its final value. 0 starts there.',
    unit: 'steps',
    default: defaults.annealSteps,
    min: 0,
    max: 10000000,
    basic: false,
  },
]

/** Parameters of the encoder, the decoder and the KL weight. */
export const vaeParams = (defaults: { dropout: number; klCap: number; annealSteps: number }): ParamSchema => [
  {
    key: 'hidden',
    type: 'integer',
    label: 'Hidden units',
    help: 'Width of the one hidden layer of encoder and decoder. Larger fits more and costs more time and memory.',
    unit: 'units',
    default: 600,
    min: 1,
    max: 8192,
    basic: false,
  },
  {
    key: 'latent',
    type: 'integer',
    label: 'Latent dimensions',
    help: 'Size of the latent preference z of a user. Larger keeps more detail and overfits sooner.',
    unit: 'dimensions',
    default: 200,
    min: 1,
    max: 4096,
    basic: true,
  },
  {
    key: 'dropout',
    type: 'number',
    label: 'Input dropout',
    help: 'Probability with which each interaction of a user is hidden from the encoder in training. Larger regularises more.',
    default: defaults.dropout,
    min: 0,
    max: 0.95,
    basic: true,
  },
  ...klParams(defaults),
]

/** The parts of the objective of a VAE recommender. @param minimised what the loss is made of, in words */
export const objectiveSeries = (minimised: string): SeriesInfo[] => [
  {
    id: 'loss',
    label: 'Loss',
    help: `What is minimised, per user: ${minimised}.`,
    unit: 'nats per user',
    group: 'objective',
  },
  {
    id: 'reconstruction',
    label: 'Reconstruction',
    help: 'Negative multinomial log-likelihood of a user’s interactions. Lower reproduces the history better.',
    unit: 'nats per user',
    group: 'objective',
  },
  {
    id: 'kl',
    label: 'KL',
    help: 'How far the users’ latent preferences are from the standard normal prior, in nats.',
    unit: 'nats per user',
    group: 'objective',
  },
]
