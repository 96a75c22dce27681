/** `assess-boot`: this boot confirms the image on trial, or says why it does not, or tells what became of that image. */
import type { Operation } from './step.ts';
import { checkHealth } from './steps/check-health.ts';
import { settleJudgement } from './steps/settle-judgement.ts';

export const assessBoot: Operation = {
  name: 'assess-boot',
  title: 'Judge the boot of an image on trial',
  version: 1,
  resources: [],
  steps: [checkHealth, settleJudgement],
};
