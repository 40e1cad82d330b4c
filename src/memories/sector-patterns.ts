import { isAscii } from '../recall/text-folding.js';

/** A kind of wording that speaks for a sector. */
export interface PatternGroup {
  /** What one or more occurrences count, before the sector's weight. */
  readonly points: number;
  readonly pattern: RegExp;
}

// The kinds, their points and their sectors are OpenMemory's, so that a memory keeps its sector when it comes
// over: 2 points for a kind of English wording (4 for words of relative time, 3 for clock times and weekdays),
// 1 for a kind of Chinese wording and for "!!". Patterns are lists of fixed words with at most one run of white
// space or digits between them, so that testing one takes time linear in the text.

/** All of them, as patterns. */
const englishWords: string[] = [];

/** English words and phrases, whole words only, any case, any white space within a phrase. */
function english(words: string, points = 2): PatternGroup {
  const alternatives = words.split(', ').map((phrase) => phrase.replaceAll(' ', '\\s+'));
  englishWords.push(...alternatives);
  return { points, pattern: new RegExp(`\\b(?:${alternatives.join('|')})\\b`, 'i') };
}

/** Chinese words, wherever they occur; simplified and traditional. */
function chinese(words: string): PatternGroup {
  return { points: 1, pattern: new RegExp(words.split(' ').join('|')) };
}

export const SECTOR_PATTERNS = {
  episodic: [
    english('today, yesterday, tomorrow, (?:last|next) (?:week|month|year)', 4),
    english('remember when, recall, that time, when i, i was, we were'),
    english('went, saw, met, felt, heard, visited, attended, participated'),
    english('at \\d{1,2}:\\d{2}, on (?:mon|tues|wednes|thurs|fri|satur|sun)day', 3),
    english('event, moment, experience, incident, occurrence, happened'),
    english("(?:i['’]?m|i am) going to"),
    chinese(
      '今天 昨天 明天 前天 后天 後天 昨晚 今晚 上周 上週 下周 下週 上个月 上個月 下个月 下個月 去年 明年',
    ),
    chinese('记得 記得 回忆 回憶 想起 那次 那天 那时 那時 当时 當時'),
    chinese('去了 看到 看见 看見 遇到 遇见 遇見 见到 見到 听说 聽說 参加 參加 拜访 拜訪'),
    chinese(
      '\\d月\\d{1,2}[日号號] 星期[一二三四五六日天] [周週][一二三四五六日末] 礼拜[一二三四五六天] \\d[点點时時]',
    ),
    chinese('事件 发生 發生 经历 經歷 时刻 時刻'),
  ],
  semantic: [
    english('is a, represents, means, stands for, defined as'),
    english('concept, theory, principle, law, hypothesis, theorem, axiom'),
    english('fact, statistic, data, evidence, proof, research, study, report'),
    english('capital, population, distance, weight, height, width, depth'),
    english('history, science, geography, math, physics, biology, chemistry'),
    english('know, understand, learn, read, write, speak'),
    chinese('是一 意思是 意味着 意味著 指的是 定义 定義 代表 称为 稱為'),
    chinese('概念 理论 理論 原理 定律 定理 假设 假設 法则 法則'),
    chinese('事实 事實 数据 數據 证据 證據 统计 統計 研究 报告 報告'),
    chinese('首都 人口 面积 面積 距离 距離 重量 高度 历史 歷史 科学 科學 地理 数学 數學 物理 化学 化學 生物'),
  ],
  procedural: [
    english('how to, step by step, guide, tutorial, manual, instructions'),
    english('first, second, then, next, finally, afterwards, lastly'),
    english('install, run, execute, compile, build, deploy, configure, setup'),
    english('click, press, type, enter, select, drag, drop, scroll'),
    english('method, function, class, algorithm, routine, recipe'),
    english('to do, to make, to build, to create'),
    chinese('如何 怎么 怎麼 怎样 怎樣 教程 指南 手册 手冊 说明 說明'),
    chinese('步骤 步驟 首先 其次 然后 然後 接着 接著 最后 最後 第[一二三四五]步'),
    chinese('安装 安裝 运行 運行 执行 執行 编译 編譯 部署 配置 设置 設置 构建 構建'),
    chinese('点击 點擊 按下 输入 輸入 选择 選擇 拖动 拖動 滚动 滾動'),
    chinese('方法 函数 函數 算法 演算法 流程 食谱 食譜'),
  ],
  emotional: [
    english('feel, feeling, felt, emotions?, mood, vibe'),
    english('happy, sad, angry, mad, excited, scared, anxious, nervous, depressed'),
    english('love, hate, like, dislike, adore, detest, enjoy, loathe'),
    english('amazing, terrible, awesome, awful, wonderful, horrible, great, bad'),
    english('frustrated, confused, overwhelmed, stressed, relaxed, calm'),
    english('wow, omg, yay, nooo+, ugh, sigh'),
    { points: 1, pattern: /!!/ },
    chinese('感觉 感覺 觉得 覺得 感到 心情 情绪 情緒'),
    chinese(
      '开心 開心 高兴 高興 快乐 快樂 难过 難過 伤心 傷心 生气 生氣 害怕 紧张 緊張 焦虑 焦慮 兴奋 興奮 沮丧 沮喪',
    ),
    chinese('喜欢 喜歡 讨厌 討厭 热爱 熱愛 享受 我爱 我愛'),
    chinese('太棒 糟糕 可怕 美好 精彩 厉害 厲害'),
    chinese('哇 天哪 天啊 唉 哎呀'),
  ],
  reflective: [
    english('reali[sz]ed?, reali[sz]ation, insight, epiphany'),
    english('think, thought, thinking, ponder, contemplate, reflect'),
    english('understand, understood, understanding, grasp, comprehend'),
    english('pattern, trend, connection, link, relationship, correlation'),
    english('lesson, moral, takeaway, conclusion, summary, implication'),
    english('feedback, review, analysis, evaluation, assessment'),
    english('improve, grow, change, adapt, evolve'),
    chinese('意识到 意識到 领悟 領悟 明白了 顿悟 頓悟'),
    chinese('思考 反思 我想 认为 認為 沉思'),
    chinese('模式 趋势 趨勢 联系 聯繫 关联 關聯 规律 規律'),
    chinese('教训 教訓 总结 總結 结论 結論 启示 啟示'),
    chinese('改进 改進 成长 成長 改变 改變 适应 適應 提升'),
  ],
} as const satisfies Record<string, readonly PatternGroup[]>;

const ANY_IN_ASCII = new RegExp(`!!|\\b(?:${englishWords.join('|')})\\b`);

/** Whether any of these kinds may be in a text; no for nearly all texts in ASCII without any. One look, not fifty. */
export function mayShowSector(text: string): boolean {
  return !isAscii(text) || ANY_IN_ASCII.test(text.toLowerCase());
}
