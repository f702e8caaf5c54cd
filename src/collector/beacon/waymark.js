/* SPDX-License-Identifier: MIT */
/*
 * The beacon: what a web page of the shop includes to tell Waymark what its visitors do.
 *
 *	<script async src="https://track.shop.example/waymark.js" data-key="wk_…"></script>
 *
 * An event is put into a queue in localStorage and leaves it only when the collector has answered:
 * with 2xx, or with a 4xx that would never become one. A page that goes away hands its events to
 * sendBeacon, which has no answer; so they stay in the queue, marked, and the next page sends them
 * once more with the same messageId, by which the worker knows them. It remembers ids for a day:
 * marked ones are forgotten after half of it, since the first copy has hardly ever been lost.
 *
 * Each event has a key of its own in localStorage, because two tabs that rewrite one common list
 * lose each other's additions. Only one tab sends at a time.
 *
 * What is sent carries the visit it belongs to, as session_id: that of one tab, until nothing was
 * sent for half an hour.
 *
 * Until consent is given, if it is required, nothing here reads or writes any storage; calls wait
 * in memory, with the time and the page they were made on.
 *
 * The build takes comments and blanks out (squeeze.py) and serves what is left; a test holds it
 * under 3 KiB, gzipped. The language is ES2017.
 */
(function () {
	'use strict';
	const stub = window.waymark || [];
	const script = document.currentScript || document.querySelector('script[data-key]');
	/* Included twice: the first one does the work. */
	if (!script || !Array.isArray(stub)) return;

	const option = name => script.getAttribute('data-' + name);
	/* Beside the script, whatever the path it has been given. */
	const url = (option('host') || script.src.replace(/[?#].*/, '').replace(/\/[^/]*$/, '')) + '/v1/b';
	const cookieDomain = option('cookie');

	/* Milliseconds. */
	const WINDOW = 50;
	const TIMEOUT = 2e4;
	const GRACE = 5e3;
	const MARKED_MAX = 432e5;
	const CLAIM_MAX = 2 * TIMEOUT;
	const WAIT_MAX = 36e5;
	const VISIT_MAX = 18e5;
	/* Bytes. A browser lets 64 KiB outlive a page, the collector takes 32 KiB of an event. */
	const PIECE_MAX = 6e4;
	const EVENT_MAX = 32768;
	const QUEUE_MAX = 262144;
	const EVENTS_MAX = 200;

	/* What localStorage will not take, being full or forbidden. */
	const memory = {};
	/* Calls before consent: [name, arguments, time, context]. */
	let held = [];
	/* undefined: not said yet. */
	let allowed = option('consent') == 'required' ? undefined : true;
	/* Of the call that is being carried out. */
	let at;
	let context;
	/* [name, text] of the events under way. */
	let flying = [];
	let busy;
	let timer;
	let timerAt;
	let last = 0;
	/* `ID TIME` of the last event of this tab. */
	let visit = '';

	const attempt = work => {
		try {
			return work();
		} catch (e) {}
	};
	const uuid = () => {
		const bytes = crypto.getRandomValues(new Uint8Array(16));
		bytes[6] = bytes[6] & 15 | 64;
		bytes[8] = bytes[8] & 63 | 128;
		return Array.from(bytes, byte => (byte + 256).toString(16).slice(1)).join('')
			.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
	};
	const tab = attempt(uuid);

	const read = name => memory[name] || attempt(() => localStorage.getItem(name)) || '';
	const erase = name => {
		delete memory[name];
		attempt(() => localStorage.removeItem(name));
	};
	const write = (name, value) => {
		if (!allowed) return;
		memory[name] = value;
		attempt(() => {
			localStorage.setItem(name, value);
			delete memory[name];
		});
	};
	/* Those of the queue, by time. */
	const names = () => (attempt(() => Object.keys(localStorage)) || [])
		.filter(name => !memory[name]).concat(Object.keys(memory))
		.filter(name => name.startsWith('wm.q.')).sort();

	const setCookie = (value, age) => {
		if (cookieDomain) document.cookie = 'wm_id=' + value + ';path=/;samesite=lax;domain=' + cookieDomain +
			';max-age=' + age + (location.protocol == 'https:' ? ';secure' : '');
	};
	/* The id of that name, made if there is none. */
	const identity = name => {
		if (!read(name)) write(name, uuid());
		return read(name);
	};
	const anonymous = () => {
		const found = cookieDomain && /(?:^|; )wm_id=([^;]+)/.exec(document.cookie);
		if (found) return found[1];
		setCookie(identity('wm.id'), 31536e3);
		return identity('wm.id');
	};
	/* A page that was left for another one of the shop finds its visit in sessionStorage. */
	const visited = () => {
		const found = (visit || attempt(() => sessionStorage.getItem('wm.visit')) || '').split(' ');
		visit = (Math.abs(Date.now() - found[1]) < VISIT_MAX ? found[0] : uuid()) + ' ' + Date.now();
		attempt(() => sessionStorage.setItem('wm.visit', visit));
		return visit.split(' ')[0];
	};
	const forget = () => {
		['wm.id', 'wm.user', 'wm.cart'].forEach(erase);
		visit = '';
		attempt(() => sessionStorage.removeItem('wm.visit'));
		setCookie('', 0);
	};

	const describe = () => {
		const campaign = {};
		new URLSearchParams(location.search).forEach((value, name) => {
			if (name.startsWith('utm_')) campaign[name == 'utm_campaign' ? 'name' : name.slice(4)] = value;
		});
		return {
			library: {name: 'waymark.js', version: '1'},
			page: {
				url: location.href.replace(/#.*/, ''),
				path: location.pathname,
				search: location.search,
				title: document.title,
				referrer: document.referrer
			},
			campaign: campaign,
			userAgent: navigator.userAgent,
			locale: navigator.language,
			timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
			screen: {width: screen.width, height: screen.height, density: devicePixelRatio}
		};
	};

	/* Values in the queue are `{event}`, or `TIME{event}` once handed to sendBeacon at TIME. */
	const sizeOf = text => new Blob([text]).size;

	const add = (type, members) => {
		/* NUL, and half of a pair of surrogates, are what the collector would refuse. */
		const text = JSON.stringify(Object.assign({
			type: type,
			messageId: uuid(),
			timestamp: at,
			anonymousId: anonymous(),
			userId: read('wm.user') || undefined,
			context: context
		}, members)).replace(/\\u(0000|d[89a-f]..)/g, '\\ufffd');
		if (sizeOf(text) > EVENT_MAX) return;
		last = Math.max(last + 1, Date.now());
		write('wm.q.' + last + '.' + tab, text);
		const queue = names();
		let size = queue.reduce((sum, name) => sum + read(name).length, 0);
		while (queue.length > EVENTS_MAX || size > QUEUE_MAX) {
			size -= read(queue[0]).length;
			erase(queue.shift());
		}
		later(WINDOW);
	};

	/* The next [name, text]s that fit into one piece; of all tabs, or of this one alone. */
	const pick = own => {
		const picked = [];
		let size = 200;
		names().some(name => {
			const value = read(name);
			const marked = parseInt(value);
			const age = Date.now() - marked;
			const text = value.slice(value.indexOf('{'));
			if (age > MARKED_MAX) erase(name);
			else if (value && !(Math.abs(age) < GRACE || own && !name.endsWith(tab))) {
				size += sizeOf(text) + 1;
				return size > PIECE_MAX || !picked.push([name, text]);
			}
		});
		return picked;
	};
	const body = picked => '{"writeKey":' + JSON.stringify(option('key')) + ',"sentAt":"' +
		new Date().toISOString() + '","batch":[' + picked.map(item => item[1]) + ']}';

	const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
	const later = ms => {
		const then = Date.now() + ms;
		if (timer && timerAt <= then) return;
		clearTimeout(timer);
		timerAt = then;
		timer = setTimeout(flush, ms);
	};
	/* `UNTIL FAILURES`, of all tabs. No failures: the collector itself said when to come back. */
	const backoff = () => read('wm.wait').split(' ');
	/* Clocks are set back: what lies further ahead than we ever write does not count. */
	const ahead = (time, max) => time - Date.now() < max ? time - Date.now() : 0;
	const waiting = () => ahead(backoff()[0], 2 * WAIT_MAX);
	/* `UNTIL TAB`: who sends, and goes on until there is nothing more. */
	const claim = () => write('wm.claim', Date.now() + CLAIM_MAX + ' ' + tab);
	const claimed = () => {
		const found = read('wm.claim').split(' ');
		return found[1] != tab && ahead(found[0], 2 * CLAIM_MAX) > 0;
	};

	const settle = (picked, answer) => {
		const status = answer ? answer.status : 500;
		if (status < 500 && status != 408 && status != 429) {
			picked.forEach(item => erase(item[0]));
			return erase('wm.wait');
		}
		/* Without marks: this answer was had. */
		picked.forEach(item => write(item[0], item[1]));
		const told = answer && answer.headers.get('Retry-After');
		const seconds = +told || (Date.parse(told) - Date.now()) / 1e3;
		const failures = seconds > 0 ? 0 : 1 + +(backoff()[1] || 0);
		write('wm.wait', Math.ceil(Date.now() + (1 + Math.random() / 4) *
			(failures ? Math.min(500 * Math.pow(2, failures), 6e4) : Math.min(seconds * 1e3, WAIT_MAX))) + ' ' + failures);
	};

	/*
	 * Sends what there is, piece after piece, if LOCK. What another tab has done to the storage is
	 * seen a little later than that its lock is free, hence the claim and the wait; of two that
	 * claim at once, for want of locks, the later one stands.
	 */
	const send = async lock => {
		if (!lock || claimed()) return;
		claim();
		await sleep(WINDOW);
		while (!claimed()) {
			flying = allowed && !(waiting() > 0) ? pick() : [];
			if (!flying.length) return erase('wm.claim');
			claim();
			/* A page that goes is told so of its requests first, though they go on: not a failure. */
			settle(flying, await Promise.race([
				fetch(url, {method: 'POST', body: body(flying), keepalive: true, credentials: 'omit'})
					.catch(() => sleep(WINDOW)),
				sleep(TIMEOUT)
			]));
			flying = [];
		}
	};

	const flush = async () => {
		clearTimeout(timer);
		timer = 0;
		if (busy || !allowed || !names().length) return;
		busy = true;
		if (!(waiting() > 0))
			try {
				await navigator.locks.request('waymark', {ifAvailable: true}, send);
			} catch (e) {
				/* No locks here, or none for this page. */
				await send(1).catch(() => 0);
			}
		busy = false;
		/* Tabs that wait for the same moment should not all have it. */
		if (allowed && names().length) later(Math.max(waiting(), 1e3) + Math.random() * 1e3);
	};

	/* The page may not come back: whoever is next sees what has left, and that we do not send. */
	const leave = () => attempt(() => {
		const mark = item => write(item[0], Date.now() + item[1]);
		let picked;
		if (!allowed || claimed()) return;
		erase('wm.claim');
		flying.forEach(mark);
		while (navigator.onLine && !(waiting() > 0) &&
			(picked = pick(true)).length && navigator.sendBeacon(url, body(picked))) picked.forEach(mark);
	});

	const track = (name, props) => add('track', {event: name, properties: Object.assign({session_id: visited()}, props)});
	const inCart = event => props => track(event, Object.assign({cart_id: identity('wm.cart')}, props));
	const calls = {
		page: (name, props) => add('page', {name: name, properties: Object.assign({session_id: visited()}, context.page, props)}),
		track: track,
		identify: (id, traits) => {
			/* One visitor after the other: not to be taken for one person. */
			if (id && read('wm.user') && read('wm.user') != id) forget();
			if (id) write('wm.user', '' + id);
			add('identify', {traits: traits});
		},
		reset: forget,
		add: inCart('Product Added'),
		remove: inCart('Product Removed'),
		view: inCart('Cart Viewed'),
		checkout: inCart('Checkout Started'),
		order: props => {
			inCart('Order Completed')(props);
			erase('wm.cart');
		}
	};
	const carryOut = call => attempt(() => {
		at = call[2];
		context = call[3];
		calls[call[0]].apply(0, call[1]);
	});
	const consent = given => {
		allowed = !!given;
		const before = held;
		held = [];
		if (allowed) {
			before.forEach(carryOut);
			later(WINDOW);
		} else {
			names().concat('wm.wait', 'wm.claim').forEach(erase);
			forget();
		}
	};
	const invoke = (name, args) => attempt(() => {
		name = name.replace('cart.', '');
		if (name == 'consent') return consent(args[0]);
		/* As they are now, whatever the page makes of its objects later. */
		const call = [name, JSON.parse(JSON.stringify(args)), new Date().toISOString(), describe()];
		if (allowed) carryOut(call);
		else if (allowed !== false && held.push(call) > EVENTS_MAX) held.shift();
	});

	const api = window.waymark = {
		cart: {},
		push: (...queued) => queued.forEach(call => attempt(() => invoke(call[0], [].slice.call(call, 1))))
	};
	['page', 'track', 'identify', 'reset', 'consent', 'checkout', 'order'].forEach(name => {
		api[name] = (...args) => invoke(name, args);
	});
	['add', 'remove', 'view'].forEach(name => {
		api.cart[name] = (...args) => invoke(name, args);
	});

	addEventListener('pagehide', leave);
	document.addEventListener('visibilitychange', () => document.visibilityState == 'hidden' && leave());
	addEventListener('online', () => {
		if (allowed && +backoff()[1]) erase('wm.wait');
		flush();
	});
	/* A page that the browser prepared in advance is seen later, or never. */
	const begin = () => option('auto') != 'off' && api.page();
	if (document.prerendering) document.addEventListener('prerenderingchange', begin);
	else begin();
	api.push(...stub);
	later(WINDOW);
})();
