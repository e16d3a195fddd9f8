#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The live daemon on a private Redis: first start, alerts, time, recovery, other rules, stop, hold, standby."""
import collections
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from live_house import CHURND, PATIENCE, SLOWER, House, check, run_tests, wait_for  # noqa: E402

RULES = '''churnd: 1
name: live-test
levels:
  watch: {enter: 30, leave: 20}
  critical: {enter: 80, leave: 70}
signals:
  login: {on: login}
  complaint: {on: complaint}
rules:
- rule: silence
  expr: seen(login) and silent(login) >= 1s
  clear: silent(login) < 1s
  points: 40
- rule: complaints
  expr: count(complaint[14d live]) >= 2
  points: 50
actions:
- {on: customer.level_raised, at_least: critical, task: save_call}
tasks:
  save_call: {title: "Call {name}", queue: csm, priority: high}
'''
LATER = RULES.replace('- rule: complaints', '''- rule: many_logins
  expr: count(login[14d live]) >= 3
  points: 35
- rule: complaints''')


def complain(house, customer, times=2):
    return [house.send(customer, 'complaint') for _ in range(times)][-1]


def ids_are_distinct(house):
    ids = [alert['id'] for alert in house.alerts()]
    check(len(ids) == len(set(ids)), f'ids come twice: {ids}')


def test_first_start_reads_what_was_there_and_the_group_shows_no_lag():
    with House(RULES) as house:
        last = complain(house, 'early')
        house.start()
        house.committed(last)
        check(len(house.alerts('customer.level_raised', 'early')) == 1, house.alerts())
        group = house.call('XINFO', 'GROUPS', 'churn:events')[0]
        check(dict(zip(group[::2], group[1::2]))[b'lag'] == 0, group)


def test_start_now_does_not_read_what_was_there():
    with House(RULES, config='ingest: {start: now}\n') as house:
        complain(house, 'early')
        house.start()
        house.committed(complain(house, 'late'))
        check({alert['customer'] for alert in house.alerts()} == {'late'}, house.alerts())


def test_events_raise_alerts_and_bad_ones_are_rejected():
    with House(RULES) as house:
        house.start()
        complain(house, 'c1')
        first = house.call('XADD', 'churn:events', '*', 'customer', 'c1', 'tpe', 'login').decode()
        second = house.send('c2', 'login', ts='yesterday')
        house.committed(second)
        raised = house.alerts('customer.level_raised', 'c1')
        check(len(raised) == 1 and json.loads(raised[0]['body'])['id'] == raised[0]['id'], raised)
        rejected = [fields for _, fields in house.entries('rejected')]
        check([fields['id'] for fields in rejected] == [first, second], rejected)
        check(json.loads(rejected[0]['fields']) == {'customer': 'c1', 'tpe': 'login'}, rejected)
        check(all(' ' in fields['error'] for fields in rejected), rejected)


def test_what_many_entries_order_is_committed_in_pieces():
    """Each well below the 10 ms for which a commit may keep Redis."""
    with House(RULES) as house:
        for number in range(3000):
            last = house.send('big', 'No Type', note='x' * 1000)
        house.start()
        house.committed(last)
        check(house.call('XLEN', 'churn:rejected') == 3000, house.call('XLEN', 'churn:rejected'))
        seq = int(house.call('GET', 'churn:commit').split()[1])
        check(seq >= 8, f'{seq} commits')


def test_what_a_day_that_closes_in_slices_orders_keeps_no_entry_from_being_read():
    rules = RULES.replace('count(complaint[14d live]) >= 2', 'count(login[2d]) < 1')
    script = "for i = 1, 40000 do redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. i, 'customer', 'c' .. i, 'type', 'login') end"
    noon = (int(time.time()) // 86400 - 5) * 86_400_000 + 43_200_000
    with House(rules, options=('--save', '', '--appendonly', 'no'), config='log: {level: debug}\n') as house:
        house.call('EVAL', script, '1', 'churn:events', str(noon))
        last = house.call('XADD', 'churn:events', f'{noon + 4 * 86_400_000}-0', 'customer', 'c1', 'type', 'login').decode()
        daemon = house.start()
        house.committed(last)
        check('in slices' in house.log(daemon), house.log(daemon)[-2000:])


def test_what_came_due_for_many_meanwhile_is_ordered_in_pieces():
    """Each below the 10 ms for which a commit may keep Redis: no clock entry is for more than 128 customers, each with two alerts here."""
    with House(RULES) as house:
        begin = (int(house.call('TIME')[0]) - 60) * 1000
        house.redis.pipeline([['XADD', 'churn:events', f'{begin + i}-0', 'customer', f'c{i}', 'type', 'login'] for i in range(600)])
        house.start()
        raised = wait_for('all are told', lambda: (found := house.entries('alerts')) and len(found) >= 1200 and found)
        told = [fields['customer'] for _, fields in raised if fields['type'] == 'customer.level_raised']
        check(told == [f'c{i}' for i in range(600)], told)
        pieces = collections.Counter(entry.split('-')[0] for entry, _ in raised)
        check(max(pieces.values()) <= 2 * 128 and len(pieces) < 10, pieces)


def test_silence_is_told_within_a_second_and_opens_a_task():
    with House(RULES) as house:
        house.start()
        complain(house, 'c1')
        entry = house.send('c1', 'login')
        due = int(entry.split('-', maxsplit=1)[0]) + 1000
        alert = wait_for('critical', lambda: house.alerts('customer.level_raised', 'c1')[1:])[0]
        written = [int(i.split('-')[0]) for i, fields in house.entries('alerts') if fields == alert][0]
        check(int(alert['at']) == due, f'{alert["at"]} is not {due}')
        check(written - due < 1000, f'{written - due} ms late')
        changes = [fields for _, fields in house.entries('tasks')]
        check(len(changes) == 1 and changes[0]['verb'] == 'created', changes)
        check(house.call('EXISTS', 'churn:task:' + changes[0]['id']) == 1, 'no hash of the task')


def test_kill_loses_nothing_and_repeats_nothing():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        before = house.alerts()
        house.end(daemon, signal.SIGKILL)
        house.send('c1', 'login')
        last = complain(house, 'c2')
        house.start()
        house.committed(last)
        check(house.alerts()[:len(before)] == before, 'alerts changed')
        check(len(house.alerts('customer.level_raised', 'c2')) == 1, house.alerts('customer.level_raised'))
        wait_for('critical', lambda: len(house.alerts('customer.level_raised', 'c1')) == 2)
        ids_are_distinct(house)


def test_stop_writes_all_and_releases_the_lease():
    with House(RULES) as house:
        daemon = house.start()
        last = complain(house, 'c1')
        house.committed(last)
        status = house.end(daemon)
        check(status == 0, f'exit status {status}')
        check(house.call('EXISTS', 'churn:lease') == 0, 'the lease is left')
        mark = house.mark()
        check(mark[2] == mark[3], f'low is behind: {mark}')


def test_rules_changed_while_down_take_effect_where_the_stream_says():
    with House(RULES) as house:
        daemon = house.start()
        for _ in range(3):
            last = house.send('c1', 'login')
        house.committed(last)
        house.end(daemon)
        house.write('rules.yaml', LATER)
        backlog = [house.send('c2', 'login') for _ in range(3)][-1]
        daemon = house.start()
        house.says(daemon, 'are in force')
        change = [i for i, fields in house.entries('events') if fields['type'] == 'churnd.rules']
        check(len(change) == 1 and change[0] > backlog, change)
        last = house.send('c3', 'login')
        for _ in range(2):
            last = house.send('c3', 'login')
        house.committed(last)
        check(len(house.alerts('rule.fired', 'c3')) >= 1, house.alerts())
        # mark_only: known customers, for whom the new rule is true already, are not announced.
        check(not [a for a in house.alerts('rule.fired', 'c2') if 'many_logins' in a['body']], 'announced')
        house.end(daemon, signal.SIGKILL)
        before = len(house.alerts())
        house.start()
        house.committed(house.send('c4', 'page_view'))
        check(before <= len(house.alerts()), 'alerts are gone')
        ids_are_distinct(house)


def test_reload_by_signal_and_a_file_in_error_changes_nothing():
    with House(RULES) as house:
        daemon = house.start()
        house.write('rules.yaml', RULES.replace('points: 50', 'points: many'))
        daemon.send_signal(signal.SIGHUP)
        house.says(daemon, 'reload refused')
        house.write('rules.yaml', RULES.replace('points: 50', 'points: 85'))
        daemon.send_signal(signal.SIGHUP)
        house.says(daemon, 'are in force')
        house.committed(complain(house, 'c1'))
        raised = house.alerts('customer.level_raised', 'c1')
        check(raised and json.loads(raised[-1]['body'])['data']['risk'] == 85, raised)
        house.says(daemon, 'redis, ingest and http are read again at the next start only')


def test_a_configuration_in_error_is_refused_by_its_name():
    with House(RULES) as house:
        daemon = house.start()
        with open(house.path('churnd.yaml'), 'a', encoding='utf-8') as file:
            file.write('htpp: {listen: x}\n')
        daemon.send_signal(signal.SIGHUP)
        house.says(daemon, 'churnd.yaml is in error; webhooks and rules stay as they are')


def test_a_damaged_record_ends_the_start_and_is_named():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        house.end(daemon)
        shard = next(key for key in house.call('KEYS', 'churn:state:*') if house.call('HEXISTS', key, 'c1'))
        house.call('HSET', shard, 'c1', house.call('HGET', shard, 'c1')[:-1] + b'\0')
        daemon = house.start(wait=False)
        check(daemon.wait(PATIENCE) == 1, 'it ends otherwise')
        check('the record of customer c1 is damaged' in house.log(daemon), house.log(daemon))


def test_an_unknown_rule_set_in_the_stream_is_rejected():
    with House(RULES) as house:
        house.start()
        house.call('XADD', 'churn:events', '*', 'type', 'churnd.rules', 'sha256', 'f' * 64)
        house.committed(complain(house, 'c1'))
        rejected = [fields for _, fields in house.entries('rejected')]
        check(len(rejected) == 1 and 'sha256' in rejected[0]['error'], rejected)
        check(len(house.alerts('customer.level_raised', 'c1')) == 1, house.alerts())


def test_hold_keeps_time_still():
    with House(RULES) as house:
        daemon = house.start()
        house.call('SET', 'churn:hold', 'import')
        house.send('c1', 'login')
        house.says(daemon, 'time stands still')
        check(not house.alerts(), 'time went on')
        house.call('DEL', 'churn:hold')
        wait_for('silence', lambda: house.alerts('rule.fired', 'c1'))


def test_second_instance_stands_by_and_takes_over_at_once():
    with House(RULES) as house:
        first = house.start(house.config('first.yaml'))
        second = house.start(house.config('second.yaml'), wait=False)
        house.says(second, 'standing by')
        house.committed(complain(house, 'c1'))
        check(house.mark()[0] == 1, house.mark())
        house.end(first, signal.SIGKILL)
        begun = time.monotonic()
        house.says(second, 'running: ')
        check(SLOWER > 1 or time.monotonic() - begun < 5, 'it waited for the lease to expire')
        check(house.mark()[0] == 2, house.mark())
        house.committed(complain(house, 'c2'))
        check(len(house.alerts('customer.level_raised')) == 2, house.alerts())


def test_another_writer_ends_it():
    with House(RULES) as house:
        daemon = house.start()
        house.call('SET', 'churn:commit', '9 9 1-0 1-0')
        house.send('c1', 'login')
        check(daemon.wait(PATIENCE) == 1, 'it went on')
        check('another writer' in house.log(daemon), house.log(daemon))
        check(house.call('GET', 'churn:commit') == b'9 9 1-0 1-0', 'it wrote')


def test_redis_restarted_under_it():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        house.restart_redis()
        house.says(daemon, 'running: ', 2)
        house.committed(complain(house, 'c2'))
        check(len(house.alerts('customer.level_raised')) == 2, house.alerts())
        ids_are_distinct(house)


def test_lost_connections_are_made_again_without_recovery():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        for turn in range(3):
            house.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
            house.committed(complain(house, f'd{turn}'))
        check(house.log(daemon).count('running: ') == 1, house.log(daemon))
        check(len(house.alerts('customer.level_raised')) == 4, house.alerts())
        ids_are_distinct(house)


def test_a_full_redis_pauses_commits_and_loses_nothing():
    with House(RULES) as house:
        daemon = house.start()
        last = complain(house, 'c1')
        house.committed(last)
        house.call('CONFIG', 'SET', 'maxmemory', '1')
        house.call('CONFIG', 'SET', 'maxmemory', '0')
        pipe = house.redis.pipeline([['MULTI'], ['XADD', 'churn:events', '*', 'customer', 'c2', 'type', 'complaint'],
                                     ['XADD', 'churn:events', '*', 'customer', 'c2', 'type', 'complaint'],
                                     ['CONFIG', 'SET', 'maxmemory', '1'], ['EXEC']])
        house.says(daemon, 'commits pause')
        house.call('CONFIG', 'SET', 'maxmemory', '0')
        house.committed(pipe[-1][1].decode())
        check(len(house.alerts('customer.level_raised')) == 2, house.alerts())
        house.says(daemon, 'commits go on')


def refused_then_mended(house, refuse, mend):
    """Entries that are read while Redis takes no commits: said, kept, and committed when it does again."""
    daemon = house.start()
    house.committed(complain(house, 'c1'))
    daemon.send_signal(signal.SIGSTOP)
    last = complain(house, 'c2')
    refuse()
    daemon.send_signal(signal.SIGCONT)
    house.says(daemon, 'commits pause')
    mend()
    house.committed(last)
    house.says(daemon, 'commits go on')
    check(len(house.alerts('customer.level_raised')) == 2, house.alerts())
    ids = [alert['id'] for alert in house.alerts()]
    check(len(ids) == len(set(ids)), ids)


def test_a_redis_without_enough_replicas_pauses_commits():
    with House(RULES) as house:
        refused_then_mended(house, lambda: house.call('CONFIG', 'SET', 'min-replicas-to-write', '1'),
                            lambda: house.call('CONFIG', 'SET', 'min-replicas-to-write', '0'))


def test_a_redis_that_became_a_replica_pauses_commits():
    with House(RULES) as house:
        refused_then_mended(house, lambda: house.call('REPLICAOF', '127.0.0.1', '1'),
                            lambda: house.call('REPLICAOF', 'NO', 'ONE'))


def test_a_redis_that_cannot_save_pauses_commits():
    with House(RULES) as house:
        def background_save(wanted):
            house.call('BGSAVE')
            wait_for('the save', lambda: b'rdb_bgsave_in_progress:0' in house.call('INFO', 'persistence') and
                     b'rdb_last_bgsave_status:' + wanted in house.call('INFO', 'persistence'))

        def refuse():
            house.call('CONFIG', 'SET', 'save', '3600 1')
            os.makedirs(house.path('dump.rdb/in-the-way'))
            background_save(b'err')

        def mend():
            os.removedirs(house.path('dump.rdb/in-the-way'))
            background_save(b'ok')
        refused_then_mended(house, refuse, mend)


def test_a_stream_from_the_future_stops_before_it():
    with House(RULES) as house:
        daemon = house.start()
        good = complain(house, 'c1')
        seconds = int(house.call('TIME')[0])
        future = house.call('XADD', 'churn:events', f'{(seconds + 3600) * 1000}-0', 'customer', 'c2', 'type', 'login')
        house.says(daemon, 'churnctl repair')
        house.committed(good)
        check(house.mark()[2] == good, house.mark())
        check(daemon.poll() is None, 'it ended')
        house.call('XDEL', 'churn:events', future)
        house.call('XSETID', 'churn:events', good)
        house.committed(complain(house, 'c3'))


def test_entries_trimmed_unread_are_told():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        house.end(daemon)
        for _ in range(5):
            last = house.send('c2', 'login')
        house.call('XTRIM', 'churn:events', 'MINID', '=', last)
        daemon = house.start()
        house.says(daemon, '4 entries')
        house.committed(last)


def fill_old(house, count):
    """Entries of an hour ago, one a second of them; their ids."""
    house.call('SET', 'churn:hold', 'time stands still at the last of them')
    begin = (int(house.call('TIME')[0]) - 3600) * 1000
    return [i.decode() for i in house.redis.pipeline(
        [['XADD', 'churn:events', f'{begin + i * 1000}-0', 'customer', f'c{i % 7}', 'type', 'login'] for i in range(count)])]


def first_left(house):
    return house.call('XRANGE', 'churn:events', '-', '+', 'COUNT', '1')[0][0].decode()


def test_what_is_old_and_read_by_all_is_trimmed():
    with House(RULES, config='ingest: {keep: 10m}\n') as house:
        ids = fill_old(house, 2000)
        house.call('XGROUP', 'CREATE', 'churn:events', 'audit', ids[500])
        house.start()
        house.committed(ids[-1])
        wait_for('trimming', lambda: first_left(house) > ids[300])
        check(first_left(house) <= ids[500], 'what another group has not read was trimmed')


def test_however_many_old_alerts_there_are_they_are_trimmed():
    """Redis takes 10,000 entries away at a time, unless it is told otherwise."""
    with House(RULES, config='ingest: {keep_output: 10m}\n') as house:
        old = int(time.time() * 1000) - 3600_000
        house.redis.pipeline([['XADD', 'churn:alerts', f'{old + i}-0', 'to', ''] for i in range(25000)])
        house.send('c1', 'login')
        house.start()
        wait_for('trimming', lambda: house.call('XLEN', 'churn:alerts') < 200)


def test_past_max_len_other_groups_are_overruled():
    with House(RULES, config='ingest: {keep: 10m, max_len: 1000}\n') as house:
        ids = fill_old(house, 2000)
        house.call('XGROUP', 'CREATE', 'churn:events', 'audit', '0')
        daemon = house.start()
        house.committed(ids[-1])
        house.says(daemon, 'ingest.max_len')
        wait_for('trimming', lambda: first_left(house) > ids[1000])
        check(first_left(house) <= ids[1500], 'younger than ingest.keep was trimmed')


def test_a_stalled_redis_is_waited_for():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        house.server.send_signal(signal.SIGSTOP)
        wait_for('it stands', lambda: open(f'/proc/{house.server.pid}/stat').read().rsplit(')', 1)[1].split()[0] == 'T')
        house.server.send_signal(signal.SIGCONT)
        house.committed(complain(house, 'c2'))
        check(daemon.poll() is None and len(house.alerts('customer.level_raised')) == 2, house.alerts())


def test_a_key_of_another_kind_ends_it_with_a_sentence():
    with House(RULES) as house:
        house.call('SET', 'churn:alerts', 'mine')
        daemon = house.start(wait=False)
        check(daemon.wait(PATIENCE) == 1 and 'redis.prefix' in house.log(daemon), house.log(daemon))
        house.call('DEL', 'churn:alerts')
        daemon = house.start()
        house.call('SET', 'churn:tasks', 'mine')
        complain(house, 'c1')
        house.send('c1', 'login')
        check(daemon.wait(PATIENCE) == 1 and 'XADD churn:tasks' in house.log(daemon), house.log(daemon))


def test_the_group_is_made_again():
    with House(RULES) as house:
        daemon = house.start()
        house.committed(complain(house, 'c1'))
        house.call('XGROUP', 'DESTROY', 'churn:events', 'churnd')
        house.send('c1', 'login')
        house.says(daemon, 'made again')
        house.committed(complain(house, 'c2'))
        wait_for('the group', lambda: house.call('XINFO', 'GROUPS', 'churn:events'))
        check(daemon.poll() is None, 'it ended')


def test_a_wrong_configuration_ends_with_2_and_a_sentence():
    with House(RULES) as house:
        for extra, word in (('nonsense: 1\n', 'nonsense'), ('redis: {urll: x}\n', 'urll')):
            house.write('bad.yaml', f'rules: [rules.yaml]\n{extra}')
            done = subprocess.run([CHURND, '-c', house.path('bad.yaml'), '-t'], capture_output=True, text=True, check=False)
            check(done.returncode == 2 and word in done.stderr, done)
        house.write('none.yaml', '')
        done = subprocess.run([CHURND, '-c', house.path('none.yaml'), '-t'], capture_output=True, text=True, check=False)
        check(done.returncode == 2 and 'rule' in done.stderr, done)
        house.write('rules.yaml', RULES.replace('task: save_call}', 'webhook: crm}').replace('tasks:', 'tasks: # '))
        other = 'webhooks: {other: {url: "http://127.0.0.1:9/", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==}}\n'
        done = subprocess.run([CHURND, '-c', house.config(extra=other), '-t'], capture_output=True, text=True,
                              check=False)
        check(done.returncode == 2 and 'crm' in done.stderr, done)


def test_a_webhook_is_not_named_for_what_its_format_does_not_take():
    with House(RULES) as house:
        crm = 'webhooks: {crm: {url: "https://acme.my.salesforce.com", format: salesforce, set: {client_id: a, client_secret: b}}}\n'
        for verb, status in (('created', 0), ('done', 2)):
            house.write('rules.yaml', f'churnd: 1\nname: x\ntasks: {{t: {{title: x}}}}\nactions: [{{on: task.{verb}, webhook: crm}}]\n')
            done = subprocess.run([CHURND, '-c', house.config(extra=crm), '-t'], capture_output=True, text=True, check=False)
            check(done.returncode == status, done)
        check('action 1 (task.done)' in done.stderr and 'salesforce' in done.stderr, done.stderr)


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
