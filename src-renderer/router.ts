import { createRouter, createWebHashHistory } from 'vue-router'

/** The views, in the data's order: rail, number keys and routes are drawn from this list. */
export const views = [
  { id: 'data', label: 'Data', key: '1', load: () => import('./views/data/DataView.vue') },
  { id: 'train', label: 'Train', key: '2', load: () => import('./views/train/TrainView.vue') },
  { id: 'graph', label: 'Graph', key: '3', load: () => import('./views/graph/GraphView.vue') },
  { id: 'recommend', label: 'Recommend', key: '4', load: () => import('./views/recommend/RecommendView.vue') },
  { id: 'compare', label: 'Compare', key: '5', load: () => import('./views/compare/CompareView.vue') },
  { id: 'report', label: 'Report', key: '6', load: () => import('./views/report/ReportView.vue') },
  { id: 'jobs', label: 'Jobs', key: 'J', load: () => import('./views/jobs/JobsView.vue') },
  { id: 'settings', label: 'Settings', key: '7', load: () => import('./views/settings/SettingsView.vue') },
] as const
export type ViewId = (typeof views)[number]['id']

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    ...views.map((view) => ({ path: `/${view.id}`, name: view.id, component: view.load, meta: { title: view.label } })),
    { path: '/:anything(.*)*', redirect: '/data' },
  ],
})

router.afterEach((to) => {
  document.title = `${String(to.meta.title ?? 'Causeway')} · Causeway`
})
