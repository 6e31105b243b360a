import { render } from 'preact';
import { App } from './app';
import { connect } from './store';
import './base.css';
import './people.css';
import './chat.css';
import './message.css';
import './side.css';
import './calls.css';
import './panels.css';
import './narrow.css';

connect();
const root = document.getElementById('ui');
if (root) render(<App />, root);
