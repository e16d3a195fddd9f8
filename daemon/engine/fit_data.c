/* SPDX-License-Identifier: Apache-2.0 */
/* Customers as a model sees them, and how likely it finds them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/fit_nbd.h"

/* ---- customers ---- */

void
fit_data_add(struct fit_data *data, struct fit_cell cell)
{
	assert(cell.tx <= cell.t);
	MEM_RESERVE(data->cells, data->cap, data->count + 1);
	data->cells[data->count++] = cell;
	data->customers += cell.count;
	data->repeaters += cell.x > 0 ? cell.count : 0;
	data->repeats += (uint64_t)cell.x * cell.count;
	if (cell.t > data->longest)
		data->longest = cell.t;
}

void
fit_data_add_all(struct fit_data *data, const struct fit_data *from)
{
	for (size_t i = 0; i < from->count; i++)
		fit_data_add(data, from->cells[i]);
}

static int
by_number(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
by_history(const void *one, const void *other)
{
	const struct fit_cell *a = one, *b = other;

	if (a->x != b->x)
		return by_number(a->x, b->x);
	return a->tx != b->tx ? by_number(a->tx, b->tx) : by_number(a->t, b->t);
}

void
fit_data_merge(struct fit_data *data)
{
	size_t kept = 0;

	if (data->count > 0)
		qsort(data->cells, data->count, sizeof *data->cells, by_history);
	for (size_t i = 0; i < data->count; i++) {
		struct fit_cell *last = kept > 0 ? &data->cells[kept - 1] : NULL;

		if (last != NULL && by_history(last, &data->cells[i]) == 0)
			last->count += data->cells[i].count;
		else
			data->cells[kept++] = data->cells[i];
	}
	data->count = kept;
	mem_free(data->logs);
	data->logs = mem_array((size_t)data->longest + 1, sizeof *data->logs);
}

void
fit_data_finish(struct fit_data *data)
{
	mem_free(data->cells);
	mem_free(data->logs);
	*data = (struct fit_data){0};
}

/* ---- their likelihood ---- */

/* A sum of logarithms of numbers from 1 to 2: their product is taken as long as it is finite, since a logarithm costs
 * twenty multiplications. */
#define FACTORS_MOST 1000

struct product {
	double value; /* from 1 on */
	unsigned factors;
	double logs; /* of what was multiplied before */
};

static void
product_multiply(struct product *product, double factor, uint32_t times)
{
	if (times > FACTORS_MOST / 100) {
		product->logs += times * log(factor);
		return;
	}
	if (product->factors + times > FACTORS_MOST) {
		product->logs += log(product->value);
		product->value = 1;
		product->factors = 0;
	}
	product->factors += times;
	for (; times > 0; times--)
		product->value *= factor;
}

/* log of Gamma(from + more) / Gamma(from) */
static double
log_rising(double from, double more)
{
	return lgamma(from + more) - lgamma(from);
}

/* What all of the same x share. */
struct shared {
	double constant; /* of the log-likelihood */
	double power;	 /* r + x */
	double log_odds; /* of having left right after the last active day; -INFINITY: none */
};

static struct shared
share(const struct rhythm_model *model, uint32_t x)
{
	bool modified = model->kind == RHYTHM_MBG_NBD;
	double stays = modified ? x + 1.0 : x;
	struct shared shared = {.power = model->r + x, .log_odds = -(double)INFINITY};

	shared.constant = log_rising(model->r, x) + model->r * log(model->alpha) +
			  log_rising(model->b, stays) - log_rising(model->a + model->b, stays);
	if (stays > 0)
		shared.log_odds = log(model->a) - log(model->b + stays - 1);
	return shared;
}

double
fit_likelihood(struct fit_data *data, const struct rhythm_model *model)
{
	struct shared shared = {0};
	struct product product = {.value = 1};
	double sum = 0;

	for (uint32_t day = 0; day <= data->longest; day++)
		data->logs[day] = log(model->alpha + day);
	for (size_t i = 0; i < data->count; i++) {
		const struct fit_cell *cell = &data->cells[i];

		if (i == 0 || cell->x != data->cells[i - 1].x)
			shared = share(model, cell->x);
		double until = data->logs[cell->t];
		double odds = shared.log_odds + shared.power * (until - data->logs[cell->tx]);

		/* log(1 + e^odds) without what overflows. */
		sum += cell->count * (shared.constant - shared.power * until + fmax(odds, 0));
		product_multiply(&product, 1 + exp(-fabs(odds)), cell->count);
	}
	return sum + product.logs + log(product.value);
}
