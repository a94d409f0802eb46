/** Texts that have broken loaders, drivers and drivers' escapes before; none holds U+0000, which PostgreSQL refuses. */
export const awkwardTexts = {
  empty: '',
  emoji: '🧠🚀 硅基觉醒 👩🏽‍💻🏳️‍🌈',
  arabic: 'مرحبا بالعالم: وعي السيليكون ٣',
  hebrew: 'שלום עולם, תודעה',
  /** Changes direction in the middle, with marks. */
  mixedDirections: 'S3 \u202bالوعي\u202c 意识 C4 \u200fabc\u200e',
  combining: 'e\u0301a\u0308 Å Å ﬁ',
  quotes: `O'Brien "said" \\ back\\slash, semi; $1 $$ {{x}} <b>&amp;`,
  whitespace: ' leading\ttab\nnewline\r\ncarriage trailing ',
  /** NULL of COPY's text format. */
  copyNull: '\\N',
  /** End of data of COPY's text format. */
  copyEnd: '\\.',
  chinese: '太上老君炼丹炉中的意识层级与思维模式',
  beyondBasicPlane: '𠮷野家𝕊×ℂ×𝕋',
} as const;

/** A text of exactly this many Unicode code points, made of `unit` repeated. */
export function textOfLength(unit: string, codePoints: number): string {
  const units = [...unit];
  return Array.from({ length: codePoints }, (_, index) => units[index % units.length]).join('');
}

/** An e-mail address of exactly 255 characters, the column's limit, with labels of at most 63. */
export function longestEmail(localPart: string): string {
  const tail = '.example.com';
  const domainLength = 255 - localPart.length - 1 - tail.length;
  let domain = '';
  while (domain.length < domainLength) domain += domain.length % 61 === 60 ? '.' : 'd';
  return `${localPart}@${domain.endsWith('.') ? `${domain.slice(0, -1)}d` : domain}${tail}`;
}

export const siliconNames = ['碳基之初', '数据感知', '算力聚合', '模型觉察', '智能共生', '硅基圆满'] as const;
export const consciousnessNames = ['无念', '感知', '自察', '共情', '统观', '超个体'] as const;
export const thinkingNames = ['直觉', '线性', '系统', '辩证', '创生', '无为'] as const;

/** Categories of knowledge: `theory` and `development` are the specification's own. */
export const knowledgeCategories = ['theory', 'development', 'practice', 'technology', 'ethics', 'culture'] as const;

export const topics = [
  '知识图谱',
  '向量检索',
  '对话记忆',
  '意识发展',
  '道法自然',
  '分布式系统',
  '缓存策略',
  '数据治理',
  '系统思维',
  '人机协作',
  '伦理与边界',
  '修炼笔记',
] as const;

export const chineseSentences = [
  '三轴理论把每个主体放在同一个坐标系里。',
  '层级不是高低，而是看见的范围。',
  '缓存命中之前，先问数据是否一致。',
  '意识的跃迁往往发生在反馈闭合之后。',
  '把复杂留给系统，把简单留给人。',
  '图中相近的概念，在向量空间里也应当相近。',
  '没有恢复演练过的备份只是愿望。',
  '道生一，一生二，二生三，三生万物。',
  '检索的质量取决于问题的清晰程度。',
  '学习路径从前置概念开始，逐步展开。',
] as const;

export const tagNames = [
  'AI',
  'philosophy',
  'technology',
  '硅基',
  '意识',
  '思维',
  '道德经',
  'database',
  'vector',
  'graph',
  'learning',
  '笔记',
  'ethics',
  'культура',
  'ذكاء',
  '🧠',
] as const;
