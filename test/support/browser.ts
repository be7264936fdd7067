/** Turns a page's text into a tab of a real browser that has opened it from a file, and tells what went wrong in it. */

import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type Page, chromium } from 'playwright-core';

/** Debian's name first. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Root may not use the sandbox; the pages are our own, and nothing is loaded. */
const WORDS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

export interface Tab {
  readonly page: Page;
  /** What the page, its script or the browser complained about. */
  readonly complaints: readonly string[];
  /** Every address that was asked for, the page's own included. */
  readonly asked: readonly string[];
}

export interface OpenBrowser {
  open(text: string, size?: { width: number; height: number }): Promise<Tab>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<OpenBrowser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'peershift-page-'));
  const browser: Browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: WORDS,
  });
  let count = 0;
  return {
    async open(text, size = { width: 1000, height: 1100 }) {
      count += 1;
      const file = path.join(folder, `${String(count)}.html`);
      await writeFile(file, text);
      const page = await browser.newPage({ viewport: size, reducedMotion: 'reduce' });
      const complaints: string[] = [];
      const asked: string[] = [];
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
      return { page, complaints, asked };
    },
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findBrowser(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const name of NAMES) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      const isThere = await access(file).then(
        () => true,
        () => false,
      );
      if (isThere) return file;
    }
  }
  throw new Error(`no browser: none of ${NAMES.join(', ')} is on PATH (apt-get install chromium)`);
}

/** What the browser tells a screen reader of everything that can be reached by keyboard. */
export async function focusableNames(page: Page): Promise<readonly FocusableName[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes.flatMap(({ ignored, role, name, properties = [] }) => {
    const isFocusable = properties.some((each) => each.name === 'focusable' && each.value.value);
    if (ignored || !isFocusable) return [];
    return [{ role: String(role?.value), name: String(name?.value ?? '') }];
  });
}

export interface FocusableName {
  readonly role: string;
  readonly name: string;
}

/** WCAG 2's contrast of every visible text with what is behind it: those below 4.5, by their words. */
export async function palePlaces(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(`(() => {
    const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
    const linear = (part) => (part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = rgb(getComputedStyle(at).backgroundColor);
        if (color.length === 3 || color[3] === 1) return color;
      }
      return [255, 255, 255];
    };
    const pale = [];
    for (const element of document.body.querySelectorAll('*:not(svg *):not(script):not(style)')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
      if (!own || element.getClientRects().length === 0) continue;
      const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) pale.push(element.tagName + ' ' + ratio.toFixed(2) + ' ' + element.textContent.trim().slice(0, 40));
    }
    return pale;
  })()`);
}
