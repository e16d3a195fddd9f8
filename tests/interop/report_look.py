#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of a backtest in headless Chromium: no word on the console, no request, nothing wider than the screen, every plot drawn.
Pictures to look at lie in build/interop/report-*.png. With DOCUMENT given, that document's."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import backtest_document  # noqa: E402
from browser import Browser  # noqa: E402
from live_house import check, run_tests  # noqa: E402

BUILD = os.path.abspath(os.environ.get('BUILD', 'build'))
PLACE = os.path.join(BUILD, 'interop')
REPORT = os.path.join(BUILD, 'release', 'tools', 'report')
SCREENS = {'desk': (1280, 900), 'phone': (390, 844)}
# Of the plots that can be seen: how many there are, how many have ink on them.
PLOTS = '''(() => {
	const seen = [...document.querySelectorAll('canvas')].filter((one) => one.closest('main').offsetParent !== null);
	const inked = seen.filter((one) => one.width && one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some((byte) => byte));
	return [seen.length, inked.length];
})()'''
WIDTH = 'document.documentElement.scrollWidth'


def document():
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding='utf-8') as file:
            return json.load(file)
    return backtest_document.document()


def make_page(folder, lang, doc=None):
    source, page = os.path.join(folder, 'document.json'), os.path.join(folder, f'page.{lang}.html')
    with open(source, 'w', encoding='utf-8') as file:
        json.dump(doc or document(), file)
    subprocess.run([REPORT, '--lang', lang, source, page], check=True, timeout=60)
    return page


def is_silent(browser):
    check(browser.said() == [] and browser.asked() == [], (browser.said(), browser.asked()))


def test_every_screen_language_and_light_is_silent_drawn_and_fits():
    os.makedirs(PLACE, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        for lang in ('en', 'zh'):
            page = make_page(folder, lang)
            for name, (width, height) in SCREENS.items():
                for dark in (False, True):
                    browser.look(page, width, height, dark)
                    plots = browser.evaluate(PLOTS)
                    check(plots[0] == plots[1] > 0, (lang, name, plots))
                    check(browser.evaluate(WIDTH) <= width, (lang, name, browser.evaluate(WIDTH)))
                    is_silent(browser)
                    picture = os.path.join(PLACE, f'report-{lang}-{name}-{"dark" if dark else "light"}')
                    browser.picture(picture + '.png')
                    browser.picture(picture + '-whole.png', whole=True)


def test_the_other_language_is_a_click_away():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        browser.look(make_page(folder, 'en'), *SCREENS['desk'])
        check(browser.evaluate('document.querySelector("main.zh").offsetParent === null'), 'both are shown')
        browser.evaluate('document.querySelector("label[for=lang-zh]").click()')
        check(browser.evaluate('document.querySelector("main.en").offsetParent === null && document.querySelector("main.zh").offsetParent !== null'), 'not switched')
        plots = browser.evaluate(PLOTS)
        check(plots[0] == plots[1] > 0, plots)
        is_silent(browser)


def test_hostile_names_run_nothing():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        for text in (backtest_document.HOSTILE, '"><script>console.error(1)</script>'):
            browser.look(make_page(folder, 'en', backtest_document.everywhere(backtest_document.document(), text)), *SCREENS['desk'])
            check(browser.evaluate('document.images.length + document.scripts.length') == 3, text)
            plots = browser.evaluate(PLOTS)
            check(plots[0] == plots[1] > 0, plots)
            is_silent(browser)


def test_it_can_be_read_without_a_script():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        browser.call('Emulation.setScriptExecutionDisabled', value=True)
        browser.look(make_page(folder, 'en'), *SCREENS['desk'])
        browser.call('Emulation.setScriptExecutionDisabled', value=False)
        check(browser.evaluate('document.querySelectorAll("main.en table").length') > 3, 'no tables')
        check(browser.evaluate('[...document.querySelectorAll(".plot")].every((one) => one.offsetParent === null)'), 'empty plots take room')


def test_it_prints_on_white_in_one_language():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        browser.look(make_page(folder, 'en'), 794, 1123, dark=True, media='print')
        check(browser.evaluate('getComputedStyle(document.body).backgroundColor') == 'rgb(255, 255, 255)', 'not on white')
        check(browser.evaluate('document.querySelector("main.zh").offsetParent === null'), 'both languages')
        check(browser.evaluate(WIDTH) <= 794, browser.evaluate(WIDTH))
        os.makedirs(PLACE, exist_ok=True)
        browser.picture(os.path.join(PLACE, 'report-print.png'), whole=True)


def test_ink_is_dark_on_paper_though_the_screen_is_dark():
    ink = 'getComputedStyle(document.documentElement).getPropertyValue("--ink")'
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        browser.look(make_page(folder, 'en'), *SCREENS['desk'], dark=True)
        light = browser.evaluate(ink)
        browser.evaluate('dispatchEvent(new Event("beforeprint"))')
        check(browser.evaluate(ink) == '#1a1d21' != light, (browser.evaluate(ink), light))
        browser.evaluate('dispatchEvent(new Event("afterprint"))')
        check(browser.evaluate(ink) == light, browser.evaluate(ink))
        is_silent(browser)


def test_what_would_be_wrong_is_seen():
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        def look(body, screen='desk'):
            page = os.path.join(folder, 'wrong.html')
            with open(page, 'w', encoding='utf-8') as out:
                out.write('<!DOCTYPE html><meta name="viewport" content="width=device-width">' + body)
            browser.look(page, *SCREENS[screen])

        for body, seen in (('<script>console.error("no")</script>', browser.said), ('<script>nothing()</script>', browser.said),
                           ('<img src="http://example.com/x.png">', browser.asked),
                           ('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'"><script>1</script>', browser.said)):
            look(body)
            check(seen(), body)
        for name, (width, _) in SCREENS.items():
            look('<p style="width: 2000px">wide</p>', name)
            check(browser.evaluate(WIDTH) > width, 'what is too wide')
        look('<main><canvas></canvas></main>')
        check(browser.evaluate(PLOTS) == [1, 0], 'an empty plot')


if __name__ == '__main__':
    sys.exit(run_tests([test for name, test in list(globals().items()) if name.startswith('test_')]))
