# SPDX-License-Identifier: Apache-2.0
# customers.tsv and rules.tsv as customers.svg and rules.svg, both axes logarithmic.
set terminal svg size 720,600 font "sans-serif,13" background "white"
set datafile separator "\t"
set logscale xy
set grid xtics ytics linecolor rgb "#dddddd" linewidth 0.5
set border linecolor rgb "#666666"
set tics textcolor rgb "#333333" scale 0.5
unset key
set style line 1 linewidth 2 pointtype 7 pointsize 0.6 linecolor rgb "#1f5fa8"
set style line 2 linewidth 2 pointtype 7 pointsize 0.6 linecolor rgb "#a8501f"
set format x "%.0s%c"
set lmargin 11

set output "customers.svg"
set xrange [8e3:2.5e7]
set multiplot layout 2,1
set ylabel "events per second, one core"
set format y "%.0s%c"
set yrange [1e5:1e8]
set title "The engine alone, the SaaS pack, by number of customers"
plot "customers.tsv" using 1:2 with linespoints linestyle 1
unset title
set ylabel "bytes per customer"
set xlabel "customers"
set format y "%g"
set yrange [100:10000]
plot "customers.tsv" using 1:3 with linespoints linestyle 2
unset multiplot

set output "rules.svg"
set terminal svg size 720,360 font "sans-serif,13" background "white"
set title "The engine alone, 10,000 customers, by number of rules (five a signal, up to 40 signals)"
set ylabel "events per second, one core"
set xlabel "rules"
set format x "%g"
set format y "%.0s%c"
set yrange [1e4:1e8]
set xrange [4:1200]
plot "rules.tsv" using 1:2 with linespoints linestyle 1
