#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulated worlds: WORLDS=N (2000) seeds of the live code against a fake Redis, a fake receiver and a fake clock.
SEEDS=${WORLDS:-2000} exec "${BUILD:-build}/release/sim/worlds"
