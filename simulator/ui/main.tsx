import { render } from 'preact';
import { App } from './app';
import { connect } from './store';
import { watchReading } from './unread';
import './base.css';
import './people.css';
import './chat.css';
import './message.css';
import './side.css';
import './calls.css';
import './panels.css';
import './dialog.css';
import './narrow.css';

connect();
watchReading();
const root = document.getElementById('ui');
if (root) render(<App />, root);
