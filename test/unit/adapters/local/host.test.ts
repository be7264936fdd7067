/** Goal: a local host does what the door says, to the byte. Method: the suite of every host. */

import { localHost } from '../../../../src/adapters/local/host.ts';
import { hostSuite } from '../../../support/host-suite.ts';

hostSuite(() => localHost('here'));
