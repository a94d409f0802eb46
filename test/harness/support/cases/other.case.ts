import { takesLock } from './meeting.ts';

takesLock('other', 'one');
