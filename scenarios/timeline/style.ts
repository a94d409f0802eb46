/**
 * Colours of the picture, for light and dark. Green, amber and vermilion can be told apart by people who do not see
 * red and green (Okabe and Ito's palette, adapted); what ended in `info` or `fail` is also never below three pixels high.
 */
export const timelineStyle = `.timeline{--ground:#fff;--ink:#1c2024;--soft:#60646c;--rule:#e0e3e8;--lane:#1c2024;--ok:#0f9d78;--info:#e69f00;--fail:#d5502f;--primary:#2f6fd6;--primary-ink:#fff;--replica:#c9dcf7;--replica-ink:#1d3a66;--other:#dfe3e8;--other-ink:#3b4148;--down:#f6d3ca;--down-ink:#7d260f;--fault:#8a3a8c;--fault-ink:#fff;--outage:#d5502f;--slow:#7d8896;font-family:system-ui,"Segoe UI","DejaVu Sans",sans-serif;font-size:12px}
@media (prefers-color-scheme:dark){.timeline{--ground:#14171b;--ink:#edeef0;--soft:#a0a6ae;--rule:#2d333b;--lane:#edeef0;--ok:#2fc197;--info:#f0b429;--fail:#f0714f;--primary:#4c8bf0;--primary-ink:#08142a;--replica:#24406b;--replica-ink:#d5e4fb;--other:#333a43;--other-ink:#d3d7dc;--down:#562316;--down-ink:#ffcfc2;--fault:#d68ad6;--fault-ink:#2b0a2c;--outage:#f0714f;--slow:#8d98a6}}
.timeline .ground{fill:var(--ground)}.timeline .lane{fill:var(--lane);fill-opacity:.045}.timeline text{fill:var(--ink)}
.timeline .title{font-size:18px;font-weight:600}.timeline .soft{fill:var(--soft)}.timeline .name{font-weight:600}
.timeline .right{text-anchor:end}.timeline .middle{text-anchor:middle}.timeline .soft.right{font-size:11px}
.timeline .rule{stroke:var(--rule);stroke-width:1}.timeline .event{stroke:var(--fault);stroke-width:1;stroke-dasharray:3 3;opacity:.75}
.timeline .ok{fill:var(--ok)}.timeline .info{fill:var(--info)}.timeline .fail{fill:var(--fail)}.timeline .slow{fill:var(--slow)}
.timeline .primary{fill:var(--primary)}.timeline .replica{fill:var(--replica)}.timeline .other{fill:var(--other)}.timeline .down{fill:var(--down)}
.timeline text.on-primary{fill:var(--primary-ink);font-weight:600}.timeline text.on-replica{fill:var(--replica-ink)}.timeline text.on-other{fill:var(--other-ink)}.timeline text.on-down{fill:var(--down-ink)}
.timeline .fault{fill:var(--fault)}.timeline text.on-fault{fill:var(--fault-ink);font-weight:600}.timeline .mark{fill:var(--ink)}
.timeline .outage{fill:var(--outage);opacity:.13}.timeline text.outage-text{fill:var(--fail);font-weight:600}
.timeline .hint{fill:transparent}.timeline .hint:hover{fill:var(--soft);opacity:.18}`;
