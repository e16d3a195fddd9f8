// SPDX-License-Identifier: Apache-2.0
// Draws the plots of a backtest from the document in the page. Texts become text, never markup.
'use strict';
(() => {
	const doc = JSON.parse(document.getElementById('document').textContent);
	const words = {
		en: {
			lead: 'days ahead (median)', precision: '% of warnings right', curve: 'risk at or above a threshold',
			interval: 'likely range', lot: 'customers drawn by lot', right: 'right', wrong: 'wrong', open: 'not judged: repeated, late or open',
			warnings: 'warnings a week', predicted: 'foretold, %', observed: '% really lost', customers: 'customers',
			diagonal: 'if it were a probability', any: 'any rule', level: 'level', middle: 'middle half of right warnings',
			median: 'median', days: 'days ahead', show: 'Show', risk: 'risk',
		},
		zh: {
			lead: '提前天数（中位数）', precision: '告警正确 %', curve: '风险达到阈值时告警',
			interval: '可能范围', lot: '随机抽取客户', right: '正确', wrong: '误报', open: '未评判：重复、太迟或未定',
			warnings: '每周告警', predicted: '预测 %', observed: '实际流失 %', customers: '客户',
			diagonal: '若为概率', any: '任一规则', level: '级别', middle: '正确告警的中间一半',
			median: '中位数', days: '提前天数', show: '显示', risk: '风险',
		},
	};
	// Okabe and Ito's colours, which the colour-blind can tell apart; shapes say it again.
	const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#7f7f7f'];
	const shapes = ['circle', 'rect', 'triangle', 'rectRot', 'star', 'crossRot'];
	const most = 12; // lines in a plot
	const judged = doc.periods.length ? doc.periods[doc.periods.length - 1].name : 'judge';
	const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const isNumber = (value) => typeof value === 'number';

	const label = (line, side, w) => {
		const name = line.of === 'any' ? w.any : line.of === 'level' ? w.level + ' ' + line.name : line.name;
		return side === doc.sides[0] ? name : name + ' (' + side.name + ')';
	};

	// Whole lines of the judged period that have both a precision and a lead; of many the busiest, in the order of the file.
	const lines = () => {
		const key = (line) => line.of + ' ' + line.name;
		const order = [...new Set(doc.sides.flatMap((side) => side.lines.map(key)))];
		return doc.sides.flatMap((side, at) => {
			const whole = side.lines.filter((line) => line.period === judged && !line.split);
			const rules = whole.filter((line) => line.of === 'rule').length;
			return whole.filter((line) => !(line.of === 'any' && rules < 2))
				.filter((line) => isNumber(line.precision.value) && isNumber(line.lead_days.median))
				.map((line) => ({ line, side, at, place: order.indexOf(key(line)) }));
		}).sort((a, b) => b.line.alerts - a.line.alerts).slice(0, most).sort((a, b) => a.place - b.place || a.at - b.at);
	};

	// What warnings by lot would get right, in percent.
	const chance = () => {
		const found = ((doc.sides[0] || {}).ranking || []).find((one) => one.period === judged && one.active > 0);
		return found ? 100 * found.churned / found.active : null;
	};

	const scale = (title, more) => ({
		title: { display: true, text: title, color: style('--muted') },
		ticks: { color: style('--muted') }, grid: { color: style('--rule') }, ...more,
	});
	const frame = (x, y, more) => ({
		animation: false, maintainAspectRatio: false, scales: { x, y },
		plugins: { legend: { position: 'bottom', labels: { color: style('--ink'), usePointStyle: true } }, ...more },
	});

	// Each pair of ends is a line of its own in one dataset: NaN breaks it.
	const whiskers = (found, title) => ({
		label: title, showLine: true, pointRadius: 0, pointHitRadius: 0, borderWidth: 1.5, borderColor: style('--open'), pointStyle: 'line',
		data: found.flatMap(({ line }) => {
			const { precision: p, lead_days: d } = line, gap = { x: NaN, y: NaN };
			const up = isNumber(p.low) && isNumber(p.high) ? [{ x: d.median, y: p.low * 100 }, { x: d.median, y: p.high * 100 }, gap] : [];
			const along = isNumber(d.low) && isNumber(d.high) ? [{ x: d.low, y: p.value * 100 }, { x: d.high, y: p.value * 100 }, gap] : [];
			return [...up, ...along];
		}),
	});

	const curves = (w) => doc.sides.filter((side) => (side.curve || []).length > 1).map((side) => ({
		label: side === doc.sides[0] ? w.curve : w.curve + ' (' + side.name + ')', showLine: true, pointRadius: 2, borderWidth: 1.5,
		borderColor: style('--muted'), borderDash: [4, 3], pointStyle: 'circle',
		data: side.curve.filter((point) => isNumber(point.precision) && isNumber(point.lead_days))
			.map((point) => ({ x: point.lead_days, y: point.precision * 100, note: w.risk + ' ≥ ' + point.risk })),
	}));

	const lead = (w) => {
		const found = lines();
		const forms = doc.sides.length > 1 ? shapes.slice(0, 4) : shapes;
		const names = [...new Set(found.map(({ line }) => line.of + ' ' + line.name))]; // the other side's points are hollow
		const points = found.map(({ line, side, at }) => {
			const i = names.indexOf(line.of + ' ' + line.name), color = colors[i % colors.length];
			return {
				label: label(line, side, w), pointStyle: forms[i % forms.length], pointRadius: 7, pointHoverRadius: 9, borderWidth: 2,
				borderColor: color, backgroundColor: at ? 'transparent' : color, data: [{ x: line.lead_days.median, y: line.precision.value * 100 }],
			};
		});
		const lot = chance(), far = Math.max(...found.map(({ line }) => line.lead_days.high || line.lead_days.median));
		const level = lot === null ? [] : [{ label: w.lot, showLine: true, pointRadius: 0, borderWidth: 1.5, borderDash: [1, 3], pointStyle: 'line',
			borderColor: style('--bad'), data: [{ x: 0, y: lot }, { x: far, y: lot }] }];
		const top = Math.max(...found.map(({ line }) => 100 * (line.precision.high || line.precision.value)));
		const say = (item) => (item.raw.note || item.dataset.label) + ': ' + item.raw.y.toFixed(1) + ' %, ' + item.raw.x + ' ' + w.days;
		return {
			type: 'scatter', data: { datasets: [...points, whiskers(found, w.interval), ...curves(w), ...level] },
			options: frame(scale(w.lead, { beginAtZero: true }), scale(w.precision, top > 40 ? { min: 0, max: 100 } : { min: 0 }), { tooltip: { callbacks: { label: say } } }),
		};
	};

	const early = (w) => {
		const found = lines();
		return {
			type: 'bar',
			data: {
				labels: found.map(({ line, side }) => label(line, side, w)),
				datasets: [
					{ type: 'line', label: w.median, data: found.map(({ line }, y) => ({ x: line.lead_days.median, y: label(line, found[y].side, w) })),
						showLine: false, pointStyle: 'rectRot', pointRadius: 6, backgroundColor: style('--ink'), borderColor: style('--ink') },
					{ label: w.middle, data: found.map(({ line }) => [line.lead_days.q1, line.lead_days.q3]),
						backgroundColor: style('--right'), pointStyle: 'rect', maxBarThickness: 18 },
				],
			},
			options: { ...frame(scale(w.days, { beginAtZero: true }), scale('', { grid: { display: false }, ticks: { autoSkip: false, color: style('--muted') } })), indexAxis: 'y' },
			height: 7 + 1.6 * found.length + 'rem',
		};
	};

	const week = 7 * 86400000;
	const mostWeeks = 1000;
	const weeks = () => {
		const all = doc.sides.flatMap((side) => (side.weekly || []).map((row) => Date.parse(row.week))).filter((at) => !isNaN(at));
		if (!all.length) return [];
		const first = all.reduce((a, b) => Math.min(a, b)), last = all.reduce((a, b) => Math.max(a, b));
		return Array.from({ length: Math.min(Math.round((last - first) / week) + 1, mostWeeks) }, (_, i) => first + i * week);
	};
	const series = (w) => {
		const found = new Map();
		doc.sides.forEach((side, at) => (side.weekly || []).forEach((row) => {
			const key = [at, row.of, row.name].join('\n');
			if (!found.has(key)) found.set(key, { name: label(row, side, w), any: row.of === 'any', rows: new Map() });
			found.get(key).rows.set(Math.round(Date.parse(row.week) / week), row);
		}));
		return [...found.values()].sort((a, b) => b.any - a.any);
	};
	const weekly = (w, chosen) => {
		const one = series(w)[chosen] || { rows: new Map() };
		const at = weeks();
		const bars = (title, color, count) => ({ label: title, backgroundColor: style(color), pointStyle: 'rect',
			data: at.map((day) => { const row = one.rows.get(Math.round(day / week)); return row ? count(row) : 0; }) });
		return {
			type: 'bar',
			data: {
				labels: at.map((day) => new Date(day).toISOString().slice(0, 10)),
				datasets: [bars(w.right, '--right', (row) => row.hits), bars(w.wrong, '--wrong', (row) => row.false),
					bars(w.open, '--open', (row) => Math.max(0, row.alerts - row.hits - row.false))],
			},
			options: frame(scale('', { stacked: true, grid: { display: false } }), scale(w.warnings, { stacked: true, beginAtZero: true, ticks: { precision: 0, color: style('--muted') } })),
		};
	};

	const calibration = (w) => {
		const all = doc.sides.flatMap((side) => (side.calibration || []).map((one) => ({ one, side })));
		const biggest = Math.max(1, ...all.flatMap(({ one }) => one.bins.map((bin) => bin.customers)));
		const sets = all.map(({ one, side }, i) => {
			const unit = one.bins.some((bin) => bin.to > 1) ? 1 : 100; // a risk of 0..100, or a probability
			return {
				label: side === doc.sides[0] ? one.name : one.name + ' (' + side.name + ')', pointStyle: shapes[i % shapes.length],
				borderColor: colors[i % colors.length], backgroundColor: colors[i % colors.length] + '99', showLine: true, borderWidth: 1,
				data: one.bins.filter((bin) => bin.customers > 0 && bin.mean !== null).map((bin) => ({ x: bin.mean * unit, y: 100 * bin.churned / bin.customers, bin })),
				pointRadius: one.bins.filter((bin) => bin.customers > 0 && bin.mean !== null).map((bin) => 4 + 12 * Math.sqrt(bin.customers / biggest)),
			};
		});
		const diagonal = { label: w.diagonal, showLine: true, pointRadius: 0, pointHitRadius: 0, borderWidth: 1, borderDash: [4, 3], borderColor: style('--muted'),
			pointStyle: 'line', data: [{ x: 0, y: 0 }, { x: 100, y: 100 }] };
		const say = (item) => item.dataset.label + ' ' + item.raw.x.toFixed(1) + ': ' + item.raw.y.toFixed(1) + ' %' +
			(item.raw.bin ? ', ' + item.raw.bin.churned + '/' + item.raw.bin.customers + ' ' + w.customers : '');
		return {
			type: 'scatter', data: { datasets: [...sets, diagonal] },
			options: frame(scale(w.predicted, { min: 0, max: 100 }), scale(w.observed, { min: 0, max: 100 }), { tooltip: { callbacks: { label: say } } }),
		};
	};

	const plots = { lead, early, weekly, calibration };
	const choose = (figure, w, redraw) => {
		const names = series(w).map((one) => one.name);
		if (names.length < 2) return;
		const select = document.createElement('select');
		select.setAttribute('aria-label', w.show);
		names.forEach((name, i) => select.add(new Option(name, i)));
		select.addEventListener('change', redraw);
		figure.querySelector('.plot').before(select);
	};
	const draw = (figure) => {
		const canvas = figure.querySelector('canvas'), w = words[figure.closest('main').className];
		const select = figure.querySelector('select');
		const old = Chart.getChart(canvas);
		if (old) old.destroy();
		figure.classList.add('drawn');
		const plot = plots[figure.dataset.plot](w, select ? Number(select.value) : 0);
		if (plot.height) canvas.parentNode.style.height = plot.height;
		new Chart(canvas, plot);
	};
	const figures = [...document.querySelectorAll('figure[data-plot]')];
	const drawAll = () => figures.filter((figure) => figure.offsetParent !== null).forEach(draw);

	Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
	figures.filter((figure) => figure.dataset.plot === 'weekly')
		.forEach((figure) => choose(figure, words[figure.closest('main').className], () => draw(figure)));
	drawAll();
	document.querySelectorAll('.lang').forEach((radio) => radio.addEventListener('change', drawAll));
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
	// Ink is dark on paper, whatever the screen is.
	const paper = (on) => () => {
		document.documentElement.classList.toggle('paper', on);
		drawAll();
	};
	addEventListener('beforeprint', paper(true));
	addEventListener('afterprint', paper(false));
})();
