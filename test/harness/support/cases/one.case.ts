import { takesLock } from './meeting.ts';

takesLock('one', 'other');
